"""Who is left out of the analysis: by whom and why, and the way back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotation.actions.standing import exclude, re_include
from annotation.desk import people
from annotation.desk.team import member, told
from annotation.forms.desk import LeaveOutForm, WhyForm
from annotation.models import Study
from annotation.rights import Right, study_page


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.AUTHOR)
def left_out(request: HttpRequest, study: Study) -> HttpResponse:
    """The list, and a form to leave somebody out by her number."""
    form = LeaveOutForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _leave_out(request, study, form):
        return redirect("study-left-out", study.key)
    listed = people.left_out(study)
    context = {
        "study": study,
        "form": form,
        "people": [(one, WhyForm(auto_id=f"{one.public_id}_%s")) for one in listed],
    }
    return render(request, "desk/left_out.html", context, status=422 if form.errors else 200)


def _leave_out(request: HttpRequest, study: Study, form: LeaveOutForm) -> bool:
    found = people.find_person(study, code=form.cleaned_data["number"].strip())
    if found is None:
        form.add_error("number", _("Nobody in this study has this number."))
        return False
    why, by = form.cleaned_data["why"], member(request)
    done = _("She is left out, and the places she filled are given to others.")
    return told(request, lambda: exclude(participation=found, why=why, by=by), done)


@require_POST
@study_page(Right.AUTHOR)
def back(request: HttpRequest, study: Study, number: str) -> HttpResponse:
    """Takes somebody back, with a reason that she reads."""
    person = get_object_or_404(study.participations, public_id=number)
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why: the person reads it."))
        return redirect("study-left-out", study.key)
    why, by = form.cleaned_data["why"], member(request)
    done = _("Her work counts again. Places that were still free are hers, the rest is surplus.")
    told(request, lambda: re_include(participation=person, why=why, by=by), done)
    return redirect("study-left-out", study.key)

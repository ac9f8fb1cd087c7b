"""Somebody asked the team to erase her: found by what she has in her hands, never by browsing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotation.actions.withdrawal import count_texts, erase_person
from annotation.desk.people import find_person, sign_person, signed_person
from annotation.desk.team import member
from annotation.forms.desk import FindForm, WhyForm
from annotation.models import Participation, Receipt, Study
from annotation.rights import Right, study_page


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.AUTHOR)
def find(request: HttpRequest, study: Study) -> HttpResponse:
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        found = find_person(
            study,
            code=given["code"].strip(),
            vendor=given["vendor"],
            external_id=given["external_id"].strip(),
        )
        if found:
            return _ask(request, study, found, WhyForm())
        form.add_error(None, _("Nobody in this study is known by that."))
    context = {"study": study, "form": form}
    return render(request, "desk/erase/find.html", context, status=422 if form.errors else 200)


@require_POST
@study_page(Right.AUTHOR)
def confirm(request: HttpRequest, study: Study) -> HttpResponse:
    """Erases whom the page before found, with a reason; then shows her receipt."""
    person = signed_person(study, request.POST.get("person", ""))
    if person is None:
        messages.error(request, _("That took too long. Please find her again."))
        return redirect("study-erase", study.key)
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _ask(request, study, person, form)
    done = erase_person(participation=person, why=form.cleaned_data["why"], by=member(request))
    return redirect("study-receipt", study.key, done.public_id)


def _ask(request: HttpRequest, study: Study, person: Participation, form: WhyForm) -> HttpResponse:
    """What goes and what stays, in numbers; nothing of what it says."""
    context = {
        "study": study,
        "signed": sign_person(person),
        "withdrawn": person.withdrawn_at,
        "receipt": Receipt.objects.filter(participation=person).first(),
        "counts": count_texts(person),
        "form": form,
    }
    return render(request, "desk/erase/confirm.html", context, status=422 if form.errors else 200)


@require_GET
@study_page(Right.AUTHOR)
def receipt(request: HttpRequest, study: Study, number: str) -> HttpResponse:
    """The receipt to print and hand over, as she finds it on her own page."""
    found = get_object_or_404(Receipt, participation__study=study, public_id=number)
    context = {"study": study, "receipt": found}
    return render(request, "desk/erase/receipt.html", context)

"""The help desk of a study: threads under a number, and an answer; never who asks."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from annotation.actions.care import answer_thread
from annotation.desk.team import member
from annotation.forms.care import AnswerForm
from annotation.models import HelpThread, Study
from annotation.rights import Right, study_page

PAGE = 50  # threads


@require_GET
@study_page(Right.HELP)
def threads(request: HttpRequest, study: Study) -> HttpResponse:
    """Those that wait for an answer first, the longest first."""
    found = HelpThread.objects.in_order_of_need(study).defer("participation")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"study": study, "page": page, "languages": dict(settings.LANGUAGES)}
    return render(request, "desk/help/threads.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.HELP)
def thread(request: HttpRequest, study: Study, number: str) -> HttpResponse:
    """One thread, and the form to answer it."""
    found = get_object_or_404(
        HelpThread.objects.defer("participation"), study=study, public_id=number
    )
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        answer_thread(thread=found, author=member(request), text=form.cleaned_data["text"])
        messages.success(request, _("The answer is sent."))
        return redirect("study-help", study.key)
    context = {
        "study": study,
        "thread": found,
        "language": dict(settings.LANGUAGES).get(found.language, found.language),
        "sent": found.messages.select_related("author"),
        "form": form,
    }
    return render(request, "desk/help/thread.html", context, status=422 if form.errors else 200)

"""Telling the study about a problem, and writing to its help desk."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import (
    HELP_THREAD_KEY,
    ParticipantRequest,
    find_own_thread,
    get_own_turn,
    participant_required,
)
from annotation.actions import care as act
from annotation.forms.care import HelpForm, ReportForm
from annotation.middleware import ParticipationRequest
from annotation.models import HelpThread, ProblemReport, Study, Turn


@require_POST
@participant_required
def problem_report(request: ParticipantRequest, public_id: str, position: int) -> HttpResponse:
    """Answers htmx with the box alone, so that a ranking in progress stays as it is."""
    turn = get_own_turn(request, public_id, position)
    form = ReportForm(request.POST, turn=turn)
    thanked = form.is_valid() and _report(turn, form)
    if thanked:
        if not request.headers.get("HX-Request"):
            return redirect(f"{reverse('conversation', args=[public_id])}?reported")
        form = ReportForm(turn=turn)
    context = {"turn": turn, "conversation": turn.conversation, "form": form, "thanked": thanked}
    template = "partials/report.html" if request.headers.get("HX-Request") else "report.html"
    return render(request, f"annotation/{template}", context, status=200 if thanked else 422)


def _report(turn: Turn, form: ReportForm) -> bool:
    try:
        act.report_problem(
            turn=turn,
            candidate=form.candidate(),
            kind=ProblemReport.Kind(form.cleaned_data["kind"]),
            text=form.cleaned_data["report_text"],
        )
    except ValidationError as error:
        form.add_error("kind", error)
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def help_desk(request: ParticipationRequest) -> HttpResponse:
    """What she wrote, what the study answered, and room for more; for anybody at all."""
    thread = find_own_thread(request)
    studies = Study.objects.filter(status=Study.Status.OPEN).order_by("pk")
    study = _study(request, thread)
    form = HelpForm(
        request.POST or None, studies=studies, study=study, page=request.GET.get("from", "")
    )
    if form.is_valid() and _send(request, thread, form):
        return redirect(f"{reverse('help-desk')}?sent")
    if thread and request.method == "GET":
        act.read_thread(thread=thread)
    context: dict[str, Any] = {
        "form": form if study or studies else None,
        "study": study,
        "messages": list(thread.messages.all()) if thread else [],
        "sent": "sent" in request.GET,
    }
    status = 422 if form.is_bound else 200
    return render(request, "annotation/help_desk.html", context, status=status)


def _study(request: ParticipationRequest, thread: HelpThread | None) -> Study | None:
    """The study she means, where it can be known: hers, her thread's, the page's, the only one."""
    if request.participation:
        return request.participation.study
    if thread:
        return thread.study
    studies = Study.objects.filter(status=Study.Status.OPEN)
    named = studies.filter(key=request.GET.get("study", "")).first()
    return named or (studies.get() if studies.count() == 1 else None)


def _send(request: ParticipationRequest, thread: HelpThread | None, form: HelpForm) -> bool:
    try:
        stored = act.write_to_help_desk(
            study=form.chosen_study(),
            participation=request.participation,
            thread=thread,
            language=translation.get_language() or "en",
            text=form.cleaned_data["text"],
            page=form.cleaned_data["page"],
        )
    except ValidationError as error:
        form.add_error(None, error)
        return False
    request.session[HELP_THREAD_KEY] = stored.pk
    return True

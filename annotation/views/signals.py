"""What was noted about how somebody works: told to her, and answered by her."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotation.access import ParticipantRequest, get_own_flag, participant_required
from annotation.actions.quality import answer_flag, object_to_decision
from annotation.desk.people import last_change
from annotation.forms.quality import FlagAnswerForm, ObjectionForm
from annotation.models import Flag


@require_GET
@participant_required
def signals(request: ParticipantRequest) -> HttpResponse:
    return _page(request)


@require_POST
@participant_required
def signal_answer(request: ParticipantRequest, kind: str) -> HttpResponse:
    flag = get_own_flag(request, kind)
    form = FlagAnswerForm(request.POST, prefix=kind)
    if not form.is_valid():
        return _page(request, refused=(flag, form))
    try:
        answer_flag(flag=flag, text=form.cleaned_data["answer"])
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, refused=(flag, form))
    return redirect(f"{reverse('signals')}?stored#signal-{kind}")


@require_POST
@participant_required
def signal_object(request: ParticipantRequest, kind: str) -> HttpResponse:
    """Her objection to a decision, once."""
    flag = get_own_flag(request, kind)
    form = ObjectionForm(request.POST, prefix=kind)
    if not form.is_valid():
        return _page(request, refused=(flag, form))
    try:
        object_to_decision(flag=flag, text=form.cleaned_data["objection"])
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, refused=(flag, form))
    return redirect(f"{reverse('signals')}?stored#signal-{kind}")


AnyForm = FlagAnswerForm | ObjectionForm


def _page(request: ParticipantRequest, refused: tuple[Flag, AnyForm] | None = None) -> HttpResponse:
    flags = request.participation.flags.raised().prefetch_related("judgements")
    notes = [
        (flag, _form_for(flag, refused[1] if refused and refused[0] == flag else None))
        for flag in flags.order_by("raised_at")
    ]
    context = {
        "notes": notes,
        "change": last_change(request.participation),
        "form": refused[1] if refused else None,
        "stored": "stored" in request.GET,
    }
    return render(request, "annotation/signals.html", context, status=422 if refused else 200)


def _form_for(flag: Flag, refused: AnyForm | None) -> AnyForm:
    """What she wrote stays on the page, also where a decision came while she wrote."""
    if refused and isinstance(refused, ObjectionForm) == bool(flag.decision):
        return refused
    written = {"objection": refused.data.get(refused.add_prefix("answer"), "") if refused else ""}
    if flag.decision:
        return ObjectionForm(initial=written, prefix=flag.kind)
    return FlagAnswerForm(initial={"answer": flag.answer}, prefix=flag.kind)

"""What was noted about how somebody works: told to her, and answered by her."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotation.access import ParticipantRequest, get_own_flag, participant_required
from annotation.actions.quality import answer_flag
from annotation.forms.quality import FlagAnswerForm
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


def _page(
    request: ParticipantRequest, refused: tuple[Flag, FlagAnswerForm] | None = None
) -> HttpResponse:
    notes = [
        (
            flag,
            refused[1]
            if refused and refused[0] == flag
            else FlagAnswerForm(initial={"answer": flag.answer}, prefix=flag.kind),
        )
        for flag in request.participation.flags.raised().order_by("raised_at")
    ]
    context = {
        "notes": notes,
        "form": refused[1] if refused else None,
        "stored": "stored" in request.GET,
    }
    return render(request, "annotation/signals.html", context, status=422 if refused else 200)

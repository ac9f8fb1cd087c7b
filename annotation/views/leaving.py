"""Out of a conversation: skipped, left after a failure of ours, or with a help line."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotation.access import ParticipantRequest, get_own_conversation, participant_required
from annotation.actions.leaving import leave_failed_conversation, skip_conversation
from annotation.actions.participation import finish_after_help
from annotation.forms.conversation import SkipForm
from annotation.help_lines import help_lines
from annotation.models import Conversation
from annotation.steps.conversation import TurnStep, standing


@require_POST
@participant_required
def conversation_skip(request: ParticipantRequest, public_id: str) -> HttpResponse:
    found = get_own_conversation(request, public_id)
    form = SkipForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    skip_conversation(conversation=found, reason=reason)
    return redirect("here")


@require_POST
@participant_required
def conversation_leave(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Out of a conversation whose next answers could not be made."""
    found = get_own_conversation(request, public_id)
    if standing(found).step is TurnStep.FAILED:
        leave_failed_conversation(conversation=found)
    return redirect("here")


@require_GET
@participant_required
def conversation_help(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Whom to call in her country, and two ways on, both paid."""
    found = get_own_conversation(request, public_id)
    if found.status != Conversation.Status.HELPED:
        return redirect("here")
    context = {
        "conversation": found,
        "lines": help_lines(request.participation.country),
        "finished": request.participation.finished_at is not None,
    }
    return render(request, "annotation/help.html", context)


@require_POST
@participant_required
def help_finish(request: ParticipantRequest, public_id: str) -> HttpResponse:
    """Out of the whole study with the completion code, for somebody who saw the help line."""
    found = get_own_conversation(request, public_id)
    if found.status == Conversation.Status.HELPED:
        finish_after_help(participation=request.participation)
    return redirect("here")

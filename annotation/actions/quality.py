"""A signal is answered by the person it is about, and decided by a person of the study."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.leaving import skip_conversation
from annotation.actions.participation import end_participation
from annotation.actions.replacing import lock_places, replace_done_slots
from annotation.models import Conversation, Flag, Outcome, Participation
from annotation.steps import open_conversation


@transaction.atomic
def answer_flag(*, flag: Flag, text: str) -> Flag:
    """Stores what she says to it; another answer replaces it, an empty one takes it back.

    Raises ValidationError once a person has decided, and for somebody who withdrew.
    """
    # As in a decision: first her row, then the flag's.
    participation = Participation.objects.select_for_update(of=("self",), no_key=True).get(
        pk=flag.participation_id
    )
    if participation.withdrawn_at:
        raise ValidationError(_("You have withdrawn"))
    locked = Flag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    if locked.decision:
        raise ValidationError(_("A person has decided already. Your answer was not changed."))
    if locked.answer != text:
        locked.answer = text
        locked.answered_at = timezone.now() if text else None
        locked.save(update_fields=["answer", "answered_at"])
    return locked


@transaction.atomic
def decide_flag(
    *, flag: Flag, decision: Flag.Decision, reason: str, by: User, end: bool = False
) -> Flag:
    """Stores what a person decided, and why; the first decision stays.

    Left out of the analysis: what her judgements filled is planned anew. Her pay, her code
    and her way through the study stay as they are, unless it is to `end` too: then somebody
    who has not finished leaves an open conversation and ends by the quality exit. Raises
    ValidationError without a reason, and for a check that was never made.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: the person reads it.")})
    # As in a review: first her row, then the flag's.
    participation = Participation.objects.select_for_update(of=("self",), no_key=True).get(
        pk=flag.participation_id
    )
    locked = Flag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    if locked.decision:
        return locked
    if locked.state != Flag.State.RAISED:
        raise ValidationError(_("This could not be checked: there is nothing to decide."))
    now = timezone.now()
    locked.decision, locked.reason = decision, reason.strip()
    locked.decided_by, locked.decided_at = by, now
    locked.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
    excluded = decision == Flag.Decision.EXCLUDED
    if excluded and end and not participation.finished_at:
        _end_now(participation)
    if excluded and participation.excluded_at is None:
        participation.excluded_at = now
        participation.save(update_fields=["excluded_at"])
        replace_done_slots(participation=participation)
    return locked


def _end_now(participation: Participation) -> None:
    """In the order of a withdrawal: her conversation, then all her places, then the rest."""
    current = open_conversation(participation)
    if current:
        current = Conversation.objects.select_for_update(of=("self",)).get(pk=current.pk)
        lock_places(participation=participation)
        skip_conversation(conversation=current)
    end_participation(participation=participation, outcome=Outcome.QUALITY)
    participation.refresh_from_db()

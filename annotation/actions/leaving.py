"""How a conversation ends: done, skipped, left, or taken back; and the lock of one that has not."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation import tasks
from annotation.actions.assignment import release_slot
from annotation.actions.draft import forget_drafts
from annotation.models import Conversation, Grant, Participation
from annotation.models.study import ExplanationPolicy
from annotation.steps import explanation_due

HAS_ENDED = _("This conversation has ended.")


def lock_open(conversation: Conversation) -> Conversation:
    locked = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("participation", "grant")
        .get(pk=conversation.pk)
    )
    keep_known(locked.participation, conversation.participation)
    if not locked.is_open or locked.participation.withdrawn_at:
        raise ValidationError(HAS_ENDED)
    return locked


def keep_known(fresh: Participation, known: Participation) -> None:
    """What changes while nobody looks is read again; what does not, is taken over."""
    for name in ("study", "wave", "locale"):
        value = known._state.fields_cache.get(name)
        if value and value.pk == getattr(fresh, f"{name}_id"):
            setattr(fresh, name, value)


def forget_draft(conversation: Conversation, name: str, *place: int) -> None:
    """The act is stored, so its draft goes; with the conversation's own name, all of them."""
    path = reverse(name, args=[conversation.public_id, *place])
    forget_drafts(participation_id=conversation.participation_id, under=path)


def end_when_done(conversation: Conversation) -> bool:
    """Ends a conversation whose planned turns are ranked and, where asked, explained.

    Returns whether it did.
    """
    turns = conversation.turns.all()
    asked = conversation.participation.wave.explanation_policy != ExplanationPolicy.OFF
    if asked and any(explanation_due(turn) for turn in turns.select_related("explanation")):
        return False
    if turns.filter(ranking__isnull=False).count() < conversation.planned_turns:
        return False
    end(conversation, Conversation.Status.FINISHED)
    return True


@transaction.atomic
def end_if_done(*, conversation: Conversation) -> None:
    """Ends a conversation that asks for nothing more: of its last turn an explanation was due,
    and is no longer asked for. Does nothing otherwise, nor a second time."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if locked.is_open:
        end_when_done(locked)


@transaction.atomic
def skip_conversation(*, conversation: Conversation, reason: str = "") -> None:
    """ "I'd rather not answer this one": costs nothing, is stored; a repeat changes nothing."""
    _leave(conversation, Conversation.Status.SKIPPED, Grant.Disposition.SKIPPED, reason)


@transaction.atomic
def leave_failed_conversation(*, conversation: Conversation) -> None:
    """Ends a conversation whose next responses could not be made; it counts as hers."""
    _leave(conversation, Conversation.Status.FAILED, Grant.Disposition.GENERATION_FAILED, "")


@transaction.atomic
def end_for_withdrawal(*, conversation: Conversation) -> None:
    """Ends the conversation of somebody who withdraws; her place is free at once.

    A submission under way is stored first, or finds the conversation ended. A repeat
    changes nothing.
    """
    _leave(conversation, Conversation.Status.WITHDRAWN, Grant.Disposition.WITHDRAWN, "")


@transaction.atomic
def end_with_help(*, conversation: Conversation) -> None:
    """Ends a conversation in which she may need help; it counts as hers, and is paid.

    What was sent together with that message, a ranking too, is not stored: its place is
    free for somebody else. A repeat changes nothing.
    """
    _leave(conversation, Conversation.Status.HELPED, Grant.Disposition.BROKE_OFF, "")


def _leave(
    conversation: Conversation,
    status: Conversation.Status,
    disposition: Grant.Disposition,
    reason: str,
) -> None:
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if not locked.is_open:
        return
    locked.skip_reason = reason
    end(locked, status)
    if locked.grant:
        release_slot(grant=locked.grant, disposition=disposition, reason=reason)


def end(conversation: Conversation, status: Conversation.Status) -> None:
    conversation.status = status
    conversation.ended_at = timezone.now()
    conversation.save(update_fields=["status", "ended_at", "skip_reason"])
    transaction.on_commit(lambda: tasks.enqueue_review(conversation.participation_id))
    forget_draft(conversation, "conversation")

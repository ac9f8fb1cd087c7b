"""How a conversation ends: done, skipped, left, or taken back; and the lock of one that has not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.actions.assignment import release_slot
from annotation.actions.draft import forget_drafts
from annotation.models import Conversation, Draft, Grant, Participation, Turn
from annotation.queries.prepared import prepared, prepared_change
from annotation.queries.remembered import remember
from annotation.steps.conversation import explanation_due, is_ranked

HAS_ENDED = _("This conversation has ended.")


@dataclass(frozen=True)
class Held:
    """A turn whose conversation is locked: until the transaction ends nobody else adds to it."""

    turn: Turn  # its conversation holds all turns, each with its ranking and its explanation
    drafted: bool  # whether something entered in this conversation is kept and not sent


def lock_turn(turn: Turn) -> Held:
    """The row of a turn and then that of its conversation, locked, with all that an act on
    them asks about. What was stored while the locks were waited for is read, too.

    Raises Turn.DoesNotExist where the turn has gone meanwhile."""
    row = next(iter(_lock_both(turn=turn.pk)), None)
    if row is None:
        raise Turn.DoesNotExist(f"There is no turn {turn.pk} any more.")
    conversation = row.conversation
    known = turn._state.fields_cache.get("conversation")
    if known:
        _keep_around(conversation, known)
    # A statement of its own: that of a lock sees what else was stored before it waited.
    turns = _read_turns(conversation)
    found = next(item for item in turns if item.pk == turn.pk)
    return Held(found, drafted=found.drafted)


@prepared
def _lock_both(*, turn: int) -> QuerySet[Turn]:
    return (
        Turn.objects.filter(pk=turn)
        .select_related("conversation__participation", "conversation__grant")
        .select_for_update(of=("self", "conversation"))
        .order_by()
    )


def _read_turns(conversation: Conversation) -> Sequence[Any]:
    """Reads the turns once for all that asks for them, as long as this object lives."""
    turns = list(
        _turns_of(
            conversation=conversation.pk,
            person=conversation.participation_id,
            forms=_path(conversation),
        )
    )
    for turn in turns:
        turn.conversation = conversation
    remember(conversation, "turns", turns)
    return turns


@prepared
def _turns_of(*, conversation: int, person: int, forms: str) -> QuerySet[Turn]:
    """Each with its ranking and its explanation, and whether a draft of these forms is kept."""
    drafts = Draft.objects.filter(participation=person, key__startswith=forms)
    turns = Turn.objects.filter(conversation=conversation).order_by("position")
    return turns.select_related("ranking", "explanation").annotate(drafted=Exists(drafts))


def lock_open(conversation: Conversation) -> Conversation:
    locked = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("participation", "grant")
        .get(pk=conversation.pk)
    )
    _keep_around(locked, conversation)
    refuse_if_ended(locked)
    return locked


def refuse_if_ended(locked: Conversation) -> None:
    if not locked.is_open or locked.participation.withdrawn_at:
        raise ValidationError(HAS_ENDED)


def _keep_around(fresh: Conversation, known: Conversation) -> None:
    """Her study, and the settings of this conversation, as they were read before."""
    hers = known._state.fields_cache.get("participation")
    if hers:
        keep_known(fresh.participation, hers)
    for name in ("locale", "sampler"):
        value = known._state.fields_cache.get(name)
        if value:
            setattr(fresh, name, value)


def keep_known(fresh: Participation, known: Participation) -> None:
    """What changes while nobody looks is read again; what does not, is taken over."""
    for name in ("study", "wave", "locale"):
        value = known._state.fields_cache.get(name)
        if value and value.pk == getattr(fresh, f"{name}_id"):
            setattr(fresh, name, value)


def forget_draft(conversation: Conversation, name: str, *place: int) -> None:
    """The act is stored, so its draft goes; with the conversation's own name, all of them."""
    path = _path(conversation, name, *place)
    forget_drafts(participation_id=conversation.participation_id, under=path)


def _path(conversation: Conversation, name: str = "conversation", *place: int) -> str:
    return reverse(name, args=[conversation.public_id, *place])


def end_when_done(conversation: Conversation, *, drafted: bool = True) -> bool:
    """Ends a conversation whose planned turns are ranked and, where asked, explained.

    The caller holds its lock and has read its turns behind it. Returns whether it did.
    """
    ranked = [turn for turn in conversation.turns.all() if is_ranked(turn)]
    if len(ranked) < conversation.planned_turns or any(explanation_due(turn) for turn in ranked):
        return False
    end(conversation, Conversation.Status.FINISHED, drafted=drafted)
    return True


@transaction.atomic
def end_if_done(*, conversation: Conversation) -> None:
    """Ends a conversation that asks for nothing more: of its last turn an explanation was due,
    and is no longer asked for. Does nothing otherwise, nor a second time."""
    locked = Conversation.objects.select_for_update(of=("self",)).get(pk=conversation.pk)
    if locked.is_open:
        _keep_around(locked, conversation)
        _read_turns(locked)
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


def end(conversation: Conversation, status: Conversation.Status, *, drafted: bool = True) -> None:
    """The caller holds the lock, and says where she knows that no draft is left."""
    conversation.status = status
    conversation.ended_at = timezone.now()
    _end(
        conversation=conversation.pk,
        status=status,
        now=conversation.ended_at,
        reason=conversation.skip_reason,
    )
    if drafted:
        forget_draft(conversation, "conversation")


@prepared_change
def _end(
    *, conversation: int, status: str, now: datetime, reason: str
) -> tuple[QuerySet[Conversation], dict[str, Any]]:
    ended = {"status": status, "ended_at": now, "skip_reason": reason}
    return Conversation.objects.filter(pk=conversation), ended

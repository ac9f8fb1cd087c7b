"""A conversation opens, and shows the candidates of each turn."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.actions.assignment import (
    claim_retest,
    claim_slot,
    has_her_share,
)
from annotation.actions.leaving import keep_known
from annotation.actions.showing import store_order
from annotation.dealing import seeds
from annotation.models import (
    Conversation,
    Grant,
    Participation,
    ShownCandidate,
    Slot,
    Turn,
)
from annotation.queries.kept import lock_kept
from annotation.queries.prepared import store
from annotation.queries.remembered import read_conversations, remember, shown_in
from annotation.steps.participation import (
    Step,
    conversations_due,
    next_step,
    open_conversation,
)
from annotation.steps.sittings import day_is_full, sitting_of
from candidates.models import CandidateSet


@transaction.atomic
def open_next_conversation(
    *, participation: Participation, show: bool = False
) -> Conversation | None:
    """The open conversation, or the next of her plan; a second call returns the same.

    With `show`, the candidates of a new one are shown at once, as by `show_candidates`.
    None when nothing is left for her or for today, or when she is not that far.
    """
    locked = _lock_person(participation)
    if next_step(locked) is not Step.CONVERSATIONS:
        return None
    current = open_conversation(locked)
    if current:
        return current
    if day_is_full(locked):
        return None
    for ordinal, planned in _first_of_each_kind(conversations_due(locked)):
        if planned.kind == Conversation.Kind.OWN:
            return _create_conversation(locked, ordinal, planned)
        claim = claim_retest if planned.kind == seeds.RETEST else claim_slot
        grant = claim(participation=locked)
        if grant:
            conversation = _create_conversation(locked, ordinal, planned, grant)
            _add_first_turn(conversation, grant.slot, show=show)
            return conversation
    _note_pool(locked)
    return None


def _lock_person(participation: Participation) -> Participation:
    """Her row as it is now, locked; of what surrounds it, what was read before is kept."""
    locked = lock_kept(participation)
    keep_known(locked, participation)
    read_conversations(locked)
    return locked


Due = Sequence[tuple[int, seeds.PlannedConversation]]


def _first_of_each_kind(due: Due) -> Due:
    """What found nothing to claim finds nothing a second time. While others are at work on
    the pool, what comes after it is done in the meantime."""
    firsts: dict[str, tuple[int, seeds.PlannedConversation]] = {}
    for ordinal, planned in due:
        firsts.setdefault(planned.kind, (ordinal, planned))
    return list(firsts.values())


def _note_pool(participation: Participation) -> None:
    """With nothing left to claim: is the pool done for her, or only busy at this moment?"""
    assert participation.locale is not None
    at_work = (
        Slot.objects.wanted(locale=participation.locale, phase=participation.phase)
        .not_met_by(participation.annotator_id)
        .order_by("batch", "due", "draw")  # the order of an index of open slots alone
        .first()
    )
    if at_work is None or has_her_share(participation):
        give_up_pool(participation=participation)


def give_up_pool(*, participation: Participation) -> None:
    """Asks no more pool conversations of her: none is left, or she would not wait."""
    Participation.objects.filter(pk=participation.pk, pool_exhausted_at=None).update(
        pool_exhausted_at=timezone.now()
    )


def _create_conversation(
    participation: Participation,
    ordinal: int,
    planned: seeds.PlannedConversation,
    grant: Grant | None = None,
) -> Conversation:
    assert participation.locale is not None
    conversation = Conversation(
        participation=participation,
        ordinal=ordinal,
        kind=Conversation.Kind.POOL if grant else Conversation.Kind.OWN,
        locale=participation.locale,
        planned_turns=planned.turns,
        grant=grant,
        sampler_id=participation.study.live_sampler_id,
        sitting=sitting_of(participation),
        opened_at=timezone.now(),
    )
    store(conversation)
    remember(participation, "conversations", [*participation.conversations.all(), conversation])
    return conversation


def _add_first_turn(conversation: Conversation, slot: Slot, *, show: bool) -> None:
    """The turn of a prompt, with its candidates where they are shown at once."""
    made = slot.candidate_set
    assert made.prompt_text is not None
    show = show and made.status == CandidateSet.Status.READY
    turn = Turn(
        conversation=conversation,
        position=1,
        message=made.prompt_text.text,
        mode=conversation.participation.study.mode_of(1),
        candidate_set=made,
        live=False,
        shown_at=timezone.now() if show else None,
    )
    store(turn)
    for of_it in Turn._meta.related_objects:
        if of_it.one_to_one:  # neither ranked nor explained
            of_it.set_cached_value(turn, None)
    if show:
        remember(turn, "shown", store_order(turn))
    remember(conversation, "turns", [turn])


def show_candidates(*, turn: Turn) -> Sequence[ShownCandidate]:
    """The stored order of a turn's candidates, fixed at the first look."""
    return shown_in(turn) if turn.shown_at else _show(turn)


@transaction.atomic
def _show(turn: Turn) -> Sequence[ShownCandidate]:
    locked = Turn.objects.select_for_update().get(pk=turn.pk)
    if locked.shown_at:
        return shown_in(locked)
    locked.conversation = turn.conversation
    if turn.candidate_set.status != CandidateSet.Status.READY:  # what is ready stays so
        raise ValidationError(_("The answers are not ready yet."))
    shown = store_order(locked)
    locked.shown_at = timezone.now()
    locked.save(update_fields=["shown_at"])
    return shown

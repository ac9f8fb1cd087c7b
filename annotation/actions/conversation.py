"""A conversation opens, and shows the candidates of each turn."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation import dealing
from annotation.actions.assignment import (
    claim_retest,
    claim_slot,
    has_her_share,
)
from annotation.actions.leaving import keep_known
from annotation.models import (
    Conversation,
    Grant,
    Participation,
    ShownCandidate,
    Slot,
    Turn,
)
from annotation.sittings import day_is_full, sitting_of
from annotation.steps import (
    Step,
    conversations_due,
    next_step,
    open_conversation,
    read_conversations,
)
from candidates.models import CandidateSet, PromptText


@transaction.atomic
def open_next_conversation(*, participation: Participation) -> Conversation | None:
    """The open conversation, or the next of her plan.

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
            return _create_conversation(locked, ordinal, planned, grant=None)
        claim = claim_retest if planned.kind == dealing.RETEST else claim_slot
        grant = claim(participation=locked)
        if grant:
            return _create_conversation(locked, ordinal, planned, grant=grant)
    _note_pool(locked)
    return None


def _lock_person(participation: Participation) -> Participation:
    """Her row as it is now, locked; of what surrounds it, what was read before is kept."""
    people = Participation.objects.select_related("annotator")
    locked = people.select_for_update(of=("self",)).get(pk=participation.pk)
    keep_known(locked, participation)
    read_conversations(locked)
    return locked


Due = Sequence[tuple[int, dealing.PlannedConversation]]


def _first_of_each_kind(due: Due) -> Due:
    """What found nothing to claim finds nothing a second time. While others are at work on
    the pool, what comes after it is done in the meantime."""
    firsts: dict[str, tuple[int, dealing.PlannedConversation]] = {}
    for ordinal, planned in due:
        firsts.setdefault(planned.kind, (ordinal, planned))
    return list(firsts.values())


def _note_pool(participation: Participation) -> None:
    """With nothing left to claim: is the pool done for her, or only busy at this moment?"""
    assert participation.locale is not None
    at_work = (
        Slot.objects.wanted(locale=participation.locale, phase=participation.phase)
        .not_met_by(participation.annotator)
        .order_by("batch", "ordinal", "draw")  # the order of an index of open slots alone
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
    planned: dealing.PlannedConversation,
    grant: Grant | None,
) -> Conversation:
    assert participation.locale is not None
    conversation = Conversation.objects.create(
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
    if grant:
        set_id = grant.slot.candidate_set_id
        Turn.objects.create(
            conversation=conversation,
            position=1,
            message=PromptText.objects.values_list("text", flat=True).get(candidateset=set_id),
            mode=participation.study.mode_of(1),
            candidate_set_id=set_id,
            live=False,
        )
    return conversation


@transaction.atomic
def show_candidates(*, turn: Turn) -> list[ShownCandidate]:
    """The stored order of a turn's candidates, fixed at the first look."""
    locked = Turn.objects.select_for_update().get(pk=turn.pk)
    if locked.shown_at:
        return list(locked.shown.select_related("candidate"))
    locked.conversation = turn.conversation
    if turn.candidate_set.status != CandidateSet.Status.READY:  # what is ready stays so
        raise ValidationError(_("The answers are not ready yet."))
    candidates = list(turn.candidate_set.candidates.order_by("position"))
    shown = [
        ShownCandidate(turn=locked, candidate=candidates[place], position=position)
        for position, place in enumerate(_order(locked, len(candidates)))
    ]
    ShownCandidate.objects.bulk_create(shown)
    locked.shown_at = timezone.now()
    locked.save(update_fields=["shown_at"])
    return shown


def _order(turn: Turn, n: int) -> list[int]:
    conversation = turn.conversation
    if not turn.live:
        assert conversation.grant is not None
        slot = conversation.grant.slot
        study = conversation.participation.study
        seed = dealing.derive_seed(study.seed, turn.candidate_set_id, slot.locale_id)
        if conversation.grant.is_retest:
            again = dealing.derive_seed(
                conversation.participation.seed, "order again", turn.candidate_set_id
            )
            return dealing.retest_order(n=n, seed=seed, ordinal=slot.ordinal, retest_seed=again)
        return dealing.pool_order(n=n, seed=seed, ordinal=slot.ordinal)
    seed = dealing.derive_seed(
        conversation.participation.seed, "order", conversation.ordinal, turn.position
    )
    return dealing.live_order(n=n, seed=seed)

"""In which order a turn shows its candidates."""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from annotation.dealing import seeds
from annotation.models import ShownCandidate, Turn
from annotation.queries.prepared import prepared, store
from candidates.models import Candidate


def store_order(turn: Turn) -> Sequence[ShownCandidate]:
    """Stores the order in which a turn shows its candidates; the caller says when it was shown."""
    made = turn.candidate_set
    candidates = list(_candidates_of(made=made.pk))
    made.canned = any(candidate.canned for candidate in candidates)
    shown = [
        ShownCandidate(turn=turn, candidate=candidates[place], position=position)
        for position, place in enumerate(_order(turn, len(candidates)))
    ]
    store(*shown)
    return shown


@prepared
def _candidates_of(*, made: int) -> QuerySet[Candidate]:
    candidates = Candidate.objects.filter(candidate_set=made).order_by("position")
    return candidates.annotate(canned=F("generation__canned"))


def _order(turn: Turn, n: int) -> list[int]:
    conversation = turn.conversation
    if not turn.live:
        assert conversation.grant is not None
        slot = conversation.grant.slot
        study = conversation.participation.study
        seed = seeds.derive_seed(study.seed, turn.candidate_set_id, slot.locale_id)
        if conversation.grant.is_retest:
            again = seeds.derive_seed(
                conversation.participation.seed, "order again", turn.candidate_set_id
            )
            return seeds.retest_order(n=n, seed=seed, ordinal=slot.ordinal, retest_seed=again)
        return seeds.pool_order(n=n, seed=seed, ordinal=slot.ordinal)
    seed = seeds.derive_seed(
        conversation.participation.seed, "order", conversation.ordinal, turn.position
    )
    return seeds.live_order(n=n, seed=seed)

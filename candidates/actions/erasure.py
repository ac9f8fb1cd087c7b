"""Live sets whose person withdrew: nothing more is made, and the texts can be taken out."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q

from candidates.models import Candidate, CandidateSet, Generation


def stop_live_sets(*, set_ids: Collection[int]) -> None:
    """Has no more responses made for sets that nobody waits for now. Repeatable.

    A worker that is at one of them finds it settled and stores no candidates.
    """
    CandidateSet.objects.filter(
        pk__in=set_ids, prompt_text=None, status=CandidateSet.Status.PENDING
    ).update(status=CandidateSet.Status.FAILED, reasons=["the person withdrew"])


@transaction.atomic
def erase_live_sets(*, set_ids: Collection[int]) -> None:
    """Empties the texts of live sets, refused attempts too: what was asked and what came back.

    Rows, times, tokens and costs stay. A pool set, which belongs to no person, is never
    touched. A repeat finds nothing more; a call to the provider that is under way keeps
    no text when it returns.
    """
    stop_live_sets(set_ids=set_ids)
    live = CandidateSet.objects.filter(
        Q(pk__in=set_ids) | Q(refused_for__in=set_ids), prompt_text=None
    )
    locked = list(live.order_by("pk").select_for_update().values_list("pk", flat=True))
    CandidateSet.objects.filter(pk__in=locked).update(context=[], context_hash="", reasons=[])
    Generation.objects.filter(candidate_set__in=locked).update(request={}, raw="", error="")
    Candidate.objects.filter(candidate_set__in=locked).update(text="")

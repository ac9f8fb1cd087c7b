"""A study opens."""

from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.actions.plan import plan_slots
from annotation.actions.pool import find_pool_gaps, request_pool
from annotation.models import Phase, Study
from candidates.models import CandidateSet


@transaction.atomic
def open_study(*, study: Study, phase: str = Phase.MAIN) -> int:
    """Plans a phase's slots and lets its people in; returns how many slots it added.

    A link of another phase lets nobody in until that one is opened too. A second call plans
    what has become ready since. Raises ValidationError while a prompt lacks a text in a
    language of the study, while a translation is older than its original, or while a prompt
    lacks a ready set.
    """
    gaps = find_pool_gaps(study=study)
    if gaps:
        raise ValidationError(f"The study cannot open: {gaps}.")
    sets = request_pool(study=study)
    waiting = [item for item in sets if item.status != CandidateSet.Status.READY]
    if waiting:
        raise ValidationError(f"{len(waiting)} of {len(sets)} candidate sets are not ready.")
    added = plan_slots(study=study, phase=phase)
    study.status = Study.Status.OPEN
    study.save(update_fields=["status"])
    return added

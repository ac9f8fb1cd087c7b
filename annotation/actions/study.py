"""A study opens."""

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from annotation.actions.cells import lock_people, stamp_people
from annotation.actions.freezing import freeze_plan
from annotation.actions.plan import lock_prompts, plan_slots, planned_phases
from annotation.actions.plan_log import log_change
from annotation.models import Phase, PlanChange, Slot, Study
from annotation.readiness.study import what_stops


@transaction.atomic
def open_study(*, study: Study, phase: str = Phase.MAIN, by: User | None = None) -> int:
    """Plans a phase's slots, freezes the plan, lets people in; returns how many slots it added.

    A link of another phase lets nobody in until that one is opened too. A second call plans
    what has become ready since, logs what it adds, and finds anew what people may take.
    Raises ValidationError while something stops the study (annotation/readiness/study.py), with a
    sentence for each.
    """
    lock_people(study)
    # As it is now, and so it stays: nobody stores another definition or closes it meanwhile.
    study.refresh_from_db(from_queryset=Study.objects.select_for_update(of=("self",), no_key=True))
    lock_prompts(study.pool_id)
    stops = what_stops(study, phase)
    if stops:
        raise ValidationError([finding.words for finding in stops])
    repeated = study.is_open and phase in planned_phases(study)
    before = _places(study, phase)
    added = plan_slots(study=study, phase=phase)
    if added and repeated:
        _log_further_places(study, phase, before, added, by)
    study.status = Study.Status.OPEN
    study.save(update_fields=["status"])
    freeze_plan(study=study, why=f"opened in the phase {phase}", by=by)
    return added


def _places(study: Study, phase: str) -> int:
    slots = Slot.objects.filter(locale__study=study, phase=phase)
    return slots.exclude(status=Slot.Status.VOID).count()


def _log_further_places(study: Study, phase: str, before: int, added: int, by: User | None) -> None:
    """Places that come after the first planning are a change of the plan, like any other."""
    stamp_people(study=study)
    log_change(
        study=study,
        kind=PlanChange.Kind.TARGET,
        by=by,
        why="sets that have become ready since",
        details={"phase": str(phase), "before": before, "after": before + added},
        added=added,
    )

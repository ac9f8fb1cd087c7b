"""Outcomes by group stay locked until the phase closes, or somebody unlocks them and says why.

Who looks at differences between groups while people still take part may stop, or change what
is asked, because of them. Unlocking is a row of the plan's changes: append-only, and exported
with them.
"""

from django.db.models import QuerySet

from annotation.models import Phase, PlanChange, Study

# Nobody's preferences: simulated people, and the team itself.
HELD_BY_NOBODY = (Phase.REHEARSAL, Phase.PREVIEW)


def unlockings(study: Study, phase: str) -> QuerySet[PlanChange]:
    return study.plan_changes.filter(
        kind=PlanChange.Kind.UNLOCKED, details__phase=phase
    ).select_related("by")


def is_locked(study: Study, phase: str) -> bool:
    """Whether figures by group may be computed for nobody yet."""
    if phase in HELD_BY_NOBODY or study.status == Study.Status.CLOSED:
        return False
    return not unlockings(study, phase).exists()

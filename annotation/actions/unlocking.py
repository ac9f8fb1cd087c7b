"""Opens outcomes by group before the study is closed, for a reason that stays on record."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.models import AuditEntry, Phase, PlanChange, Study


@transaction.atomic
def unlock_outcomes(*, study: Study, phase: str, why: str, by: User | None) -> PlanChange:
    """Everybody who may read outcomes may then read them by group, in this phase.

    A second call finds the first: what was seen cannot be unseen.
    """
    if not why.strip():
        raise ValidationError({"why": _("Say why: it stands beside the figures and is exported.")})
    if phase not in Phase.values:
        raise ValidationError({"phase": _("There is no such phase.")})
    locked = Study.objects.select_for_update(of=("self",), no_key=True).get(pk=study.pk)
    known = locked.plan_changes.filter(
        kind=PlanChange.Kind.UNLOCKED, details__phase=str(phase)
    ).first()
    if known:
        return known
    kind = AuditEntry.Kind.OUTCOMES_UNLOCKED
    record(kind=kind, what=f"outcomes by group, phase {phase}", by=by, study=locked, why=why)
    return PlanChange.objects.create(
        study=locked,
        kind=PlanChange.Kind.UNLOCKED,
        why=why.strip()[:500],
        by=by,
        details={"phase": str(phase)},
    )

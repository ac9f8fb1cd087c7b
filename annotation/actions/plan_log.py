"""Every change of a study's plan is written down: who changed what, and why."""

from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.freezing import amend_plan
from annotation.models import (
    AuditEntry,
    PlanChange,
    Study,
)

MOST_CHARACTERS = 500  # of a reason
AUDITED = {
    PlanChange.Kind.TARGET: AuditEntry.Kind.PLAN_TARGET,
    PlanChange.Kind.CELLS: AuditEntry.Kind.PLAN_CELLS,
    PlanChange.Kind.RETIRED: AuditEntry.Kind.PROMPT_RETIRED,
    PlanChange.Kind.REPLACED: AuditEntry.Kind.PROMPT_REPLACED,
}


def log_change(
    *,
    study: Study,
    kind: PlanChange.Kind,
    by: User | None,
    why: str,
    details: dict[str, Any],
    added: int = 0,
    voided: int = 0,
) -> PlanChange:
    """Writes down a change of the plan, for good. Call it once for each change, after it.

    The plan of a study that has opened is frozen anew. Raises ValidationError without a reason.
    """
    why = why.strip()
    if not 0 < len(why) <= MOST_CHARACTERS:
        raise ValidationError(f"Say why, in at most {MOST_CHARACTERS} characters.")
    amend_plan(study=study, why=why, by=by)
    what = f"{_subject(details)}: {added} places added, {voided} taken away"
    record(kind=AUDITED[kind], what=what, by=by, study=study, why=why)
    return PlanChange.objects.create(
        study=study,
        kind=kind,
        by=by,
        why=why,
        details=details,
        slots_added=added,
        slots_voided=voided,
    )


def _subject(details: dict[str, Any]) -> str:
    """What a change of the plan was about: a prompt, cells, or the places of a locale."""
    if "prompt" in details:
        instead = f" by {details['replacement']}" if "replacement" in details else ""
        return f"prompt {details['prompt']}{instead}"
    return str(details.get("locale") or "plan")

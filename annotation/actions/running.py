"""A study is opened, pauses, goes on and closes: each with who and why, in the log of its plan."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.study import open_study
from annotation.models import AuditEntry, FrozenPlan, Phase, PlanChange, Study, StudyLocale
from annotation.steps.room import WHOLE

MOST_CHARACTERS = 500  # of a reason
AUDITED = {
    PlanChange.Kind.OPENED: AuditEntry.Kind.STUDY_OPENED,
    PlanChange.Kind.PAUSED: AuditEntry.Kind.STUDY_PAUSED,
    PlanChange.Kind.RESUMED: AuditEntry.Kind.STUDY_RESUMED,
    PlanChange.Kind.CLOSED: AuditEntry.Kind.STUDY_CLOSED,
}


@transaction.atomic
def open_phase(*, study: Study, phase: str, by: User | None, why: str = "") -> FrozenPlan:
    """Opens a phase as `open_study` does, and notes who did and which plan it began with.

    A second call plans what has become ready since, and notes it only where places were added
    or the plan is another one. Raises ValidationError while something stops it.
    """
    begun = study.plan_changes.filter(kind=PlanChange.Kind.OPENED, details__phase=str(phase))
    added = open_study(study=study, phase=phase, by=by)
    plan = study.frozen_plans.order_by("-number")[0]
    last = begun.order_by("-at", "-pk").first()
    if last is None or added or last.details.get("hash") != plan.hash:
        _log(
            study,
            PlanChange.Kind.OPENED,
            by,
            why.strip() or f"opened in the phase {phase}",
            {"phase": str(phase), "plan": plan.number, "hash": plan.hash, "added": added},
        )
    return plan


@transaction.atomic
def pause_study(*, study: Study, by: User, why: str, locale: StudyLocale | None = None) -> bool:
    """Lets nobody join or open a conversation for a while, in the study or in one locale.

    People who have a conversation in hand finish it; previews and rehearsals go on. Returns
    whether it went on until now: a second call changes nothing. Raises ValidationError without
    a reason, and for a study that is not open.
    """
    locked = _lock(study)
    reason = _reason(why)
    if not locked.is_open:
        raise ValidationError(_("Only a study that is open can take a pause."))
    name = _name(locale)
    if name in locked.paused:
        return False
    locked.paused = locked.paused | {name: timezone.now().isoformat(timespec="seconds")}
    locked.save(update_fields=["paused"])
    _log(locked, PlanChange.Kind.PAUSED, by, reason, {"who": name})
    return True


@transaction.atomic
def resume_study(*, study: Study, by: User, why: str, locale: StudyLocale | None = None) -> bool:
    """Ends a pause: of the study, or of one locale. A locale that was paused by itself stays so
    when the study goes on. A second call changes nothing. Raises ValidationError without a
    reason."""
    locked = _lock(study)
    reason, name = _reason(why), _name(locale)
    if name not in locked.paused:
        return False
    since = locked.paused[name]
    locked.paused = {other: at for other, at in locked.paused.items() if other != name}
    locked.save(update_fields=["paused"])
    _log(locked, PlanChange.Kind.RESUMED, by, reason, {"who": name, "since": since})
    return True


@transaction.atomic
def close_study(*, study: Study, by: User, why: str, typed: str) -> bool:
    """Closes a study for good: nobody joins or opens a conversation any more, in any phase.

    Open conversations can be finished, and everybody reaches her last questions and her code.
    `typed` is the study's key, written out. A second call changes nothing. Raises
    ValidationError where it is another word, without a reason, and for a draft.
    """
    locked = _lock(study)
    if locked.status == Study.Status.CLOSED:
        return False
    reason = _reason(why)
    if typed.strip() != locked.key:
        raise ValidationError(_("To close it, type the study's key exactly: %(key)s"),
                              params={"key": locked.key})  # fmt: skip
    if not locked.is_open:
        raise ValidationError(_("This study has never been open: there is nothing to close."))
    locked.status, locked.paused = Study.Status.CLOSED, {}
    locked.save(update_fields=["status", "paused"])
    _log(locked, PlanChange.Kind.CLOSED, by, reason, {"plan": locked.plan_hash})
    return True


def phases_opened(study: Study) -> dict[str, PlanChange]:
    """The first opening of each phase that the log knows."""
    found: dict[str, PlanChange] = {}
    opened = study.plan_changes.filter(kind=PlanChange.Kind.OPENED).select_related("by")
    for change in opened.order_by("at", "pk"):
        if change.details.get("phase") in Phase.values:
            found.setdefault(change.details["phase"], change)
    return found


def _lock(study: Study) -> Study:
    """The study as it is now. Rows that refer to it never wait."""
    return Study.objects.select_for_update(no_key=True, of=("self",)).get(pk=study.pk)


def _name(locale: StudyLocale | None) -> str:
    return WHOLE if locale is None else str(locale)


def _reason(why: str) -> str:
    reason = why.strip()
    if not 0 < len(reason) <= MOST_CHARACTERS:
        raise ValidationError(
            _("Say why, in at most %(most)s characters."), params={"most": MOST_CHARACTERS}
        )
    return reason


def _log(
    study: Study, kind: PlanChange.Kind, by: User | None, why: str, details: dict[str, Any]
) -> None:
    PlanChange.objects.create(
        study=study, kind=kind, by=by, why=why[:MOST_CHARACTERS], details=details
    )
    what = " ".join(f"{name} {value}" for name, value in details.items() if name != "hash")
    record(kind=AUDITED[kind], what=what, by=by, study=study, why=why)

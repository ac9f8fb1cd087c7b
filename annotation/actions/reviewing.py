"""What reviewers do with a note on somebody's work: first blind, then with her choices."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.leaving import skip_conversation
from annotation.actions.participation import end_participation
from annotation.actions.replacing import lock_places
from annotation.actions.standing import has_other_grounds, leave_out, lock_person, take_back
from annotation.models import (
    AuditEntry,
    Conversation,
    Flag,
    FlagJudgement,
    Outcome,
    Participation,
)
from annotation.review.queue import to_judge_blind
from annotation.steps.participation import open_conversation

Stage = FlagJudgement.Stage
NOT_JUDGED = _("Store your first judgement: then you see her choices.")


@transaction.atomic
def judge_flag(
    *, flag: Flag, verdict: FlagJudgement.Verdict, reason: str, by: User
) -> FlagJudgement:
    """Stores what a reviewer thinks before she sees choices, texts or demographics.

    Her first judgement stays: a second call returns it. Raises ValidationError without a
    reason, for a check that was never made, and where nothing is to be decided.
    """
    reason = _checked(reason)
    _person, locked = _lock(flag)
    known = locked.judgements.filter(stage=Stage.FIRST, by=by).first()
    if known:
        return known
    _refuse_unless_waiting(locked)
    made = FlagJudgement.objects.create(
        flag=locked, stage=Stage.FIRST, verdict=verdict, reason=reason, by=by
    )
    _record(AuditEntry.Kind.FLAG_JUDGED, locked, f"{verdict}", by=by, why=reason)
    return made


@transaction.atomic
def open_choices(*, flag: Flag, by: User) -> None:
    """Notes that a reviewer looks at the choices behind a note; a second look notes nothing.

    Raises ValidationError before her own first judgement of each note on this person that
    waits for a decision: the choices are the same behind all of them.
    """
    _person, locked = _lock(flag)
    blind = to_judge_blind(locked, by)
    if blind == locked:
        raise ValidationError(NOT_JUDGED)
    if blind:
        raise ValidationError(
            _("Another note on this person waits: store your first judgement of it, too.")
        )
    kind, what = AuditEntry.Kind.FLAG_OPENED, _what(locked)
    study = locked.participation.study
    if not AuditEntry.objects.filter(kind=kind, what=what, by=by, study=study).exists():
        record(kind=kind, what=what, by=by, study=study)


@transaction.atomic
def ask_second_reviewer(*, flag: Flag, why: str, by: User) -> Flag:
    """Leaves the decision to another person; a second call keeps who asked first.

    Raises ValidationError without a reason, before her own first judgement, and where nothing
    is to be decided.
    """
    why = _checked(why)
    _person, locked = _lock(flag)
    _refuse_unless_waiting(locked)
    if locked.asked_by_id:
        return locked
    _refuse_unless_judged(locked, by)
    locked.asked_by = by
    locked.save(update_fields=["asked_by"])
    _record(AuditEntry.Kind.FLAG_PASSED, locked, "", by=by, why=why)
    return locked


@transaction.atomic
def decide_flag(
    *, flag: Flag, decision: Flag.Decision, reason: str, by: User, end: bool = False
) -> Flag:
    """Stores what a person decided, and why; the first decision stays, until she objects: then
    it is decided once more.

    Left out of the analysis: what her judgements filled is planned anew. Her pay, her code
    and her way through the study stay as they are, unless it is to `end` too: then somebody
    who has not finished leaves an open conversation and ends by the quality exit. Kept after an
    objection: she is taken back, unless she is left out for another reason as well. Raises
    ValidationError without a reason, before the reviewer's own first judgement, where she
    asked for another reviewer, and for a check that was never made.
    """
    reason = _checked(reason)
    person, locked = _lock(flag)
    if locked.decision and not locked.waits:
        return locked
    _refuse_unless_waiting(locked)
    _refuse_unless_judged(locked, by)
    if locked.asked_by_id == by.pk:
        raise ValidationError(_("You asked for another person to decide."))
    stage = Stage.AGAIN if locked.decision else Stage.FINAL
    FlagJudgement.objects.create(flag=locked, stage=stage, verdict=decision, reason=reason, by=by)
    locked.decision, locked.reason, locked.asked_by = decision, reason, None
    locked.decided_by, locked.decided_at = by, timezone.now()
    locked.save(update_fields=["decision", "reason", "asked_by", "decided_by", "decided_at"])
    done = _follow(person, locked, end=end)
    _record(AuditEntry.Kind.FLAG_DECIDED, locked, f"{decision}, {stage}{done}", by=by, why=reason)
    return locked


def _follow(person: Participation, flag: Flag, *, end: bool) -> str:
    """What a decision brings about, in figures for the audit."""
    assert flag.decided_by is not None
    if flag.decision == Flag.Decision.EXCLUDED:
        if end and not person.finished_at:
            _end_now(person)
        freed = leave_out(locked=person, why=flag.reason, by=flag.decided_by, flag=flag)
        return f": {freed} places planned anew"
    if person.excluded_at is None or person.withdrawn_at or not flag.objected_at:
        return ""
    if has_other_grounds(person):
        return ": she stays left out for another reason"
    restored = take_back(locked=person, why=flag.reason, by=flag.decided_by, flag=flag)
    return f": {restored.counted} judgements fill a place again, {restored.surplus} are surplus"


def _end_now(participation: Participation) -> None:
    """In the order of a withdrawal: her conversation, then all her places, then the rest."""
    current = open_conversation(participation)
    if current:
        current = Conversation.objects.select_for_update(of=("self",)).get(pk=current.pk)
        lock_places(participation=participation)
        skip_conversation(conversation=current)
    end_participation(participation=participation, outcome=Outcome.QUALITY)
    participation.refresh_from_db()


def _lock(flag: Flag) -> tuple[Participation, Flag]:
    """As in a review: first her row, then the flag's."""
    person = lock_person(flag.participation_id)
    locked = Flag.objects.select_for_update(of=("self",)).get(pk=flag.pk)
    locked.participation = person
    return person, locked


def _checked(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: the person reads it.")})
    return reason.strip()


def _refuse_unless_waiting(flag: Flag) -> None:
    if flag.state != Flag.State.RAISED:
        raise ValidationError(_("This could not be checked: there is nothing to decide."))
    if not flag.waits:
        raise ValidationError(_("A person has decided already."))


def _refuse_unless_judged(flag: Flag, by: User) -> None:
    if not flag.judgements.filter(stage=Stage.FIRST, by=by).exists():
        raise ValidationError(NOT_JUDGED)


def _what(flag: Flag) -> str:
    """How the audit names a note: by its number, and by nothing that leads to her."""
    return f"note {flag.pk}"


def _record(kind: AuditEntry.Kind, flag: Flag, what: str, *, by: User, why: str) -> None:
    told = f"{_what(flag)}: {what}" if what else _what(flag)
    record(kind=kind, what=told, by=by, study=flag.participation.study, why=why)

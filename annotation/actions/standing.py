"""Whether a person's judgements count: she is left out by a person, and taken back by one."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.cells import stamp_person
from annotation.actions.replacing import Restored, replace_done_slots, restore_done_slots
from annotation.models import AuditEntry, Conversation, Exclusion, Flag, Participation
from annotation.steps.participation import open_conversation


@dataclass(frozen=True)
class Changed:
    """`freed`: places that others may fill now; `restored`: what counts again. Else nothing was
    done."""

    freed: int = 0
    restored: Restored | None = None


@transaction.atomic
def exclude(*, participation: Participation, why: str, by: User) -> Changed:
    """Leaves her judgements out of the analysis; what they filled is planned anew.

    Her pay, her code and her way through the study stay as they are. A second call changes
    nothing. Raises ValidationError without a reason, and for somebody who withdrew.
    """
    locked = lock_person(participation.pk)
    why = _checked(locked, why)
    if locked.excluded_at:
        return Changed()
    freed = leave_out(locked=locked, why=why, by=by)
    what = f"person {locked.public_id}: {freed} places planned anew"
    kind = AuditEntry.Kind.PERSON_EXCLUDED
    record(kind=kind, what=what, by=by, study=locked.study, why=why)
    return Changed(freed=freed)


@transaction.atomic
def re_include(*, participation: Participation, why: str, by: User) -> Changed:
    """Takes her back: her judgements leave with exports again, and fill places that are free.

    Where others have filled or hold every place of a set meanwhile, hers stays as surplus, so
    that no set is judged by more people than were planned. A second call changes nothing.
    Raises ValidationError without a reason, and for somebody who withdrew.
    """
    locked = lock_person(participation.pk)
    why = _checked(locked, why)
    if locked.excluded_at is None:
        return Changed()
    restored = take_back(locked=locked, why=why, by=by)
    what = (
        f"person {locked.public_id}: {restored.counted} judgements fill a place again, "
        f"{restored.surplus} are surplus"
    )
    kind = AuditEntry.Kind.PERSON_READMITTED
    record(kind=kind, what=what, by=by, study=locked.study, why=why)
    return Changed(restored=restored)


def lock_person(pk: int) -> Participation:
    """Her row, for the caller's transaction; what refers to her goes on."""
    people = Participation.objects.select_for_update(of=("self",), no_key=True)
    return people.select_related("study").get(pk=pk)


def leave_out(*, locked: Participation, why: str, by: User, flag: Flag | None = None) -> int:
    """Notes that she is left out, and why; returns how many places are planned anew.

    The caller holds her row. Left out before: only another reason is added.
    """
    Exclusion.objects.create(participation=locked, out=True, flag=flag, why=why, by=by)
    if locked.excluded_at:
        return 0
    _wait_for_her_submission(locked)
    locked.excluded_at = timezone.now()
    locked.save(update_fields=["excluded_at"])
    return replace_done_slots(participation=locked)


def take_back(*, locked: Participation, why: str, by: User, flag: Flag | None = None) -> Restored:
    """Notes that her judgements count again, and gives them what is free. The caller holds
    her row, and she is left out."""
    Exclusion.objects.create(participation=locked, out=False, flag=flag, why=why, by=by)
    _wait_for_her_submission(locked)
    locked.excluded_at = None
    locked.save(update_fields=["excluded_at"])
    restored = restore_done_slots(participation=locked)
    stamp_person(participation=locked)
    return restored


def has_other_grounds(participation: Participation) -> bool:
    """Whether, since she was last taken back, somebody left her out for a reason that stands:
    by hand, or by a note whose decision is still so."""
    rows = participation.exclusions.order_by("pk")
    back = rows.filter(out=False).last()
    since = rows.filter(out=True, pk__gt=back.pk if back else 0)
    return since.exclude(flag__decision=Flag.Decision.KEPT).exists()


def _wait_for_her_submission(locked: Participation) -> None:
    """A ranking of hers that is being stored is stored first, and counted as she stood then."""
    current = open_conversation(locked)
    if current:
        Conversation.objects.select_for_update(of=("self",)).get(pk=current.pk)


def _checked(locked: Participation, why: str) -> str:
    if not why.strip():
        raise ValidationError({"why": _("Say why: the person reads it.")})
    if locked.withdrawn_at:
        raise ValidationError(_("She has withdrawn: nothing of hers leaves the study any more."))
    return why.strip()

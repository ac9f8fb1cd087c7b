"""Who is given a role, and who loses it: always with a reason, always written down."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User, Vendor
from annotation.actions.audit import record
from annotation.models import AuditEntry, Role, Study, TeamChange, TeamMember

MOST_CHARACTERS = 500


@transaction.atomic
def add_member(
    *, study: Study, user: User, role: Role | str, by: User | None, why: str
) -> TeamMember:
    """Gives somebody a role in a study. Who has it already keeps it: nothing is written.

    Whoever makes a study becomes its researcher by this. Raises ValidationError for an account
    that may not open the desk, for a role that no study has, and without a reason.
    """
    why = _reason(why)
    if role == Role.VENDOR_MANAGER:
        raise ValidationError(_("A vendor manager belongs to a vendor, not to a study."))
    if not (user.is_active and user.is_staff):
        raise ValidationError(
            _(
                "%(name)s cannot open the desk. Ask an administrator to mark the account "
                "as staff first."
            )
            % {"name": user.get_username()}
        )
    return _give(user=user, role=Role(role), by=by, why=why, study=study)


@transaction.atomic
def add_vendor_manager(*, vendor: Vendor, user: User, by: User | None, why: str) -> TeamMember:
    """Lets somebody see a vendor's people, and nothing else. A second call writes nothing."""
    return _give(user=user, role=Role.VENDOR_MANAGER, by=by, why=_reason(why), vendor=vendor)


@transaction.atomic
def remove_member(*, member: TeamMember, by: User | None, why: str) -> None:
    """Takes a role away. A second call finds nothing left to take and writes nothing.

    Raises ValidationError without a reason, and where a study would lose its last researcher,
    unless an administrator does it.
    """
    why = _reason(why)
    if member.study_id:
        # The study's row is the lock: of two last researchers one stays.
        Study.objects.select_for_update(no_key=True).get(pk=member.study_id)
    if not TeamMember.objects.filter(pk=member.pk).exists():
        return
    if member.study_id and _is_last_researcher(member) and not (by and by.is_superuser):
        raise ValidationError(_("A study keeps at least one researcher. Add another one first."))
    _write(member, what="taken", by=by, why=why)
    TeamMember.objects.filter(pk=member.pk).delete()
    _forget(member.user)


def _is_last_researcher(member: TeamMember) -> bool:
    others = TeamMember.objects.filter(
        study=member.study_id, role=Role.RESEARCHER, user__is_active=True
    ).exclude(pk=member.pk)
    return member.role == Role.RESEARCHER and not others.exists()


def _give(*, user: User, role: Role, by: User | None, why: str, **place: Any) -> TeamMember:
    member, is_new = TeamMember.objects.get_or_create(user=user, role=role, **place)
    if is_new:
        _write(member, what="given", by=by, why=why)
    _forget(user)
    return member


def _write(member: TeamMember, *, what: str, by: User | None, why: str) -> None:
    name, place = member.user.get_username(), member.study or member.vendor
    kind = AuditEntry.Kind.ROLE_GIVEN if what == "given" else AuditEntry.Kind.ROLE_TAKEN
    said = f"{member.role} of {place.key if place else ''}: account {name}"
    record(kind=kind, what=said, by=by, study=member.study, why=why)
    TeamChange.objects.create(
        study=member.study,
        vendor=member.vendor,
        by=by,
        why=why,
        details={"user": name, "role": member.role, "what": what},
    )


def _forget(user: User) -> None:
    """What was read of her roles in this process is read anew."""
    vars(user).pop("_roles", None)


def _reason(why: str) -> str:
    why = why.strip()
    if not 0 < len(why) <= MOST_CHARACTERS:
        raise ValidationError(_("Say why, in at most %(n)s characters.") % {"n": MOST_CHARACTERS})
    return why

"""A locale stops after its first people, and goes on when a person has signed."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.cells import forget_answers
from annotation.models import AuditEntry, Participation, PlanChange, SignOff, StudyLocale
from annotation.steps.room import is_waiting, people_let_in


def may_enter(*, participation: Participation) -> bool:
    """Whether the soft launch of her locale takes one more person.

    Called inside the transaction that lets her in: the locale stays locked until it ends, so
    that of people who race for the last place exactly one gets it.
    """
    if participation.study.soft_launch is None:
        return True
    assert participation.locale_id is not None
    return not is_waiting(locale=_lock(participation.locale_id), phase=participation.phase)


@transaction.atomic
def send_to_pause(*, participation: Participation) -> None:
    """Puts her back before the choice of a language; what she answered at the door is deleted.

    Her participation stays, so that her links lead on once the locale is signed. She is
    counted nowhere: she has not left. A repeat changes nothing.
    """
    forget_answers(participation=participation)
    Participation.objects.filter(pk=participation.pk).update(
        locale=None, screened_at=None, stratum="", most_places=None
    )


@transaction.atomic
def sign_soft_launch(
    *, locale: StudyLocale, phase: str, by: User, figures: dict[str, Any], notes: str
) -> SignOff:
    """Lets a locale go on after its soft launch, with the figures as they were read.

    The first signature stays: a second call returns it. Raises ValidationError without a
    reason, and while the locale does not wait.
    """
    locked = _lock(locale.pk)
    signed = SignOff.objects.filter(locale=locked, phase=phase).first()
    if signed:
        return signed
    if not notes.strip():
        raise ValidationError(_("Say what you looked at, and why it may go on."))
    if not is_waiting(locale=locked, phase=phase):
        raise ValidationError(_("This locale does not wait: there is nothing to sign yet."))
    record(
        kind=AuditEntry.Kind.LAUNCH_SIGNED,
        what=f"{locked}, phase {phase}",
        by=by,
        study=locked.study,
        why=notes,
    )
    PlanChange.objects.create(
        study=locked.study,
        kind=PlanChange.Kind.SIGNED,
        by=by,
        why=notes.strip()[:500],
        details={
            "locale": str(locked),
            "phase": phase,
            "people": people_let_in(locale=locked, phase=phase).count(),
        },
    )
    return SignOff.objects.create(
        locale=locked, phase=phase, by=by, figures=figures, notes=notes.strip()
    )


def _lock(locale: int) -> StudyLocale:
    """A locale, for the caller's transaction. Rows that refer to it never wait."""
    locales = StudyLocale.objects.select_for_update(of=("self",), no_key=True)
    return locales.select_related("study").get(pk=locale)

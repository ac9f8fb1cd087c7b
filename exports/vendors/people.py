"""A vendor's own people in one study, as the vendor may know them: under the vendor's own ids.

No pseudonym, no country, no answer and nothing that somebody judged or wrote is read here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import ExternalIdentity, Vendor
from annotation.models import Flag, Outcome, Participation, Study
from annotation.passage import pay_due
from exports.models import Invitation


class Status(StrEnum):
    """Where somebody stands; a withdrawal hides how far she had come."""

    INVITED = "invited"
    STARTED = "started"
    DECLINED = "declined"
    FINISHED = "finished"
    SCREENED_OUT = "screened_out"
    QUOTA_FULL = "quota_full"
    QUALITY = "quality"
    WITHDRAWN = "withdrawn"


OUTCOMES = {
    Outcome.COMPLETE: Status.FINISHED,
    Outcome.SCREENED_OUT: Status.SCREENED_OUT,
    Outcome.QUOTA_FULL: Status.QUOTA_FULL,
    Outcome.QUALITY: Status.QUALITY,
    Outcome.WITHDRAWN: Status.WITHDRAWN,
}


@dataclass(frozen=True)
class QualityDecision:
    """What a person of the research team decided about her work, and on which day (UTC)."""

    decision: str  # "kept" or "left_out"
    decided_on: date


@dataclass(frozen=True)
class Person:
    """Days are those of UTC. Pay is in whole units of `currency`; None: agreed elsewhere."""

    id: str
    status: Status
    quality: QualityDecision | None
    pay: Decimal | None
    currency: str
    completion_code: str
    invited_on: date | None
    started_on: date | None
    ended_on: date | None
    withdrawn_on: date | None


def people_of(study: Study, vendor: Vendor) -> QuerySet[ExternalIdentity]:
    """Who was invited to the study or takes part in it, by the vendor's id."""
    invited = Invitation.objects.filter(study=study, annotator=OuterRef("annotator"))
    took_part = Participation.objects.filter(study=study, annotator=OuterRef("annotator"))
    decided = Flag.objects.exclude(decision="").order_by("decided_at")
    participations = (
        Participation.objects.filter(study=study)
        .select_related("locale")
        .prefetch_related(Prefetch("flags", decided, to_attr="decided_flags"))
    )
    invitations = Invitation.objects.filter(study=study)
    return (
        ExternalIdentity.objects.filter(Q(Exists(invited)) | Q(Exists(took_part)), vendor=vendor)
        .select_related("annotator")
        .prefetch_related(
            Prefetch("annotator__participations", participations, to_attr="here"),
            Prefetch("annotator__invitations", invitations, to_attr="invited"),
        )
        .order_by("external_id")
    )


def describe(identity: ExternalIdentity) -> Person:
    """One row of `people_of`."""
    person: Participation | None = next(iter(identity.annotator.here), None)  # type: ignore[attr-defined]
    invitation: Invitation | None = next(iter(identity.annotator.invited), None)  # type: ignore[attr-defined]
    locale = person.locale if person else None
    return Person(
        id=identity.external_id,
        status=_status(person),
        quality=_quality(person) if person else None,
        pay=pay_due(person) if person else None,
        currency=locale.currency if locale else "",
        completion_code=person.completion_code if person else "",
        invited_on=_day(invitation.invited_at) if invitation else None,
        started_on=_day(person.started_at) if person else None,
        ended_on=_day(person.finished_at) if person else None,
        withdrawn_on=_day(person.withdrawn_at) if person else None,
    )


def _status(person: Participation | None) -> Status:
    if person is None:
        return Status.INVITED
    if person.withdrawn_at:
        return Status.WITHDRAWN
    if person.outcome:
        return OUTCOMES[Outcome(person.outcome)]
    return Status.DECLINED if person.declined_at else Status.STARTED


def _quality(person: Participation) -> QualityDecision | None:
    """How it stands: left out until somebody takes her back; else the latest decision's day."""
    flags: list[Flag] = person.decided_flags  # type: ignore[attr-defined]
    if person.excluded_at:
        return QualityDecision("left_out", person.excluded_at.astimezone(UTC).date())
    if not flags:
        return None
    decided_at = flags[-1].decided_at
    assert decided_at is not None
    return QualityDecision("kept", decided_at.astimezone(UTC).date())


def _day(at: datetime | None) -> date | None:
    return at.astimezone(UTC).date() if at else None

"""A vendor's own people in one study, as the vendor may know them: under the vendor's own ids.

No pseudonym, no country, no answer and nothing that somebody judged or wrote is read here.
Withdrawals and decisions to leave somebody out bear no day and are told late, see `telling`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import ExternalIdentity, Vendor
from annotation.models import Flag, Outcome, Participation, Study
from annotation.recruitment.passage import pay_due
from exports.models import Invitation
from exports.vendors.telling import Told


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


# The feed tells the day on which a pseudonym vanished.
WITHOUT_A_DAY = (Status.WITHDRAWN, Status.QUALITY)


class Quality(StrEnum):
    """What a person of the research team decided about her work."""

    KEPT = "kept"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Person:
    """Days are those of UTC. Pay is in whole units of `currency`; None: agreed elsewhere."""

    id: str
    status: Status
    quality: Quality | None
    pay: Decimal | None
    currency: str
    completion_code: str
    invited_on: date | None
    started_on: date | None
    ended_on: date | None


def people_of(study: Study, vendor: Vendor) -> QuerySet[ExternalIdentity]:
    """Who was invited to the study or takes part in it, by the vendor's id."""
    invited = Invitation.objects.filter(study=study, annotator=OuterRef("annotator"))
    took_part = Participation.objects.filter(study=study, annotator=OuterRef("annotator"))
    kept = Flag.objects.filter(decision=Flag.Decision.KEPT)
    participations = (
        Participation.objects.filter(study=study)
        .select_related("locale")
        .prefetch_related(Prefetch("flags", kept, to_attr="kept_flags"), "exclusions")
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


def describe(identity: ExternalIdentity, told: Told) -> Person:
    """One row of `people_of`, as far as her vendor is told."""
    person: Participation | None = next(iter(identity.annotator.here), None)  # type: ignore[attr-defined]
    invitation: Invitation | None = next(iter(identity.annotator.invited), None)  # type: ignore[attr-defined]
    if person:
        hide_untold(person, told)
    locale = person.locale if person else None
    status = _status(person)
    ended_at = person.finished_at if person and status not in WITHOUT_A_DAY else None
    return Person(
        id=identity.external_id,
        status=status,
        quality=_quality(person, told) if person else None,
        pay=pay_due(person) if person else None,
        currency=locale.currency if locale else "",
        completion_code=person.completion_code if person else "",
        invited_on=_day(invitation.invited_at) if invitation else None,
        started_on=_day(person.started_at) if person else None,
        ended_on=_day(ended_at),
    )


def hide_untold(person: Participation, told: Told) -> None:
    """Takes back in memory what her vendor does not know yet: she is as she was before."""
    if waits_to_be_told(person, told):
        person.withdrawn_at = None
        _reopen(person, Outcome.WITHDRAWN)
    if ended_by_leaving_out(person, told):
        _reopen(person, Outcome.QUALITY)


def waits_to_be_told(person: Participation, told: Told) -> bool:
    """Whether she withdrew and her vendor does not know yet. Of somebody who declined nothing
    leaves under a pseudonym, so that it is told at once."""
    if person.withdrawn_at is None or person.declined_at:
        return False
    return person.withdrawn_at >= told.withdrawn


def ended_by_leaving_out(person: Participation, told: Told) -> bool:
    """Whether a decision to leave her out ended her part too, and waits to be told."""
    if person.outcome != Outcome.QUALITY or person.finished_at is None:
        return False
    return person.finished_at >= told.left_out and bool(person.exclusions.all())


def _reopen(person: Participation, outcome: Outcome) -> None:
    if person.outcome == outcome:
        person.outcome, person.completion_code, person.finished_at = "", "", None


def _status(person: Participation | None) -> Status:
    if person is None:
        return Status.INVITED
    if person.withdrawn_at:
        return Status.WITHDRAWN
    if person.outcome:
        return OUTCOMES[Outcome(person.outcome)]
    return Status.DECLINED if person.declined_at else Status.STARTED


def _quality(person: Participation, told: Told) -> Quality | None:
    """How it stands: left out until somebody takes her back. That she was taken back is not
    told before it is told that she was left out, which it would give away."""
    kept_flags: list[Flag] = person.kept_flags  # type: ignore[attr-defined]
    known = Quality.KEPT if kept_flags else None
    out_is_told = False
    for change in person.exclusions.all():
        if change.out:
            out_is_told = change.at < told.left_out
            known = Quality.LEFT_OUT if out_is_told else known
        elif out_is_told and change.at < told.taken_back:
            known = Quality.KEPT
    return known


def _day(at: datetime | None) -> date | None:
    return at.astimezone(UTC).date() if at else None

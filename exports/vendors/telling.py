"""When a vendor is told, under its own ids, that somebody withdrew or was left out.

What leaves under pseudonyms loses her at once. A vendor who learned in the same hour which of
its people withdrew could name the pseudonym that vanished. So people endpoints, webhooks and
pages tell such events late and together: on a Monday (UTC), all that wait, once they are of
`TOGETHER` people at least or the oldest has waited for `LONGEST`. Counted are people who are
told of under pseudonyms too: behind others, whom the vendor can tell apart, nobody hides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from accounts.models import Consent, Purpose, Vendor
from annotation.models import Exclusion, Participation, Phase, Study

TOGETHER = 5  # people of one vendor in one study, for each kind of event
LONGEST = timedelta(weeks=4)
WEEK = timedelta(weeks=1)
NOTHING_YET = datetime.min.replace(tzinfo=UTC)
NOBODY = 0  # for people of whom nothing leaves under pseudonyms
Event = tuple[datetime, int]  # when, and to whom (her participation)


@dataclass(frozen=True)
class Told:
    """Everything before these moments is told, nothing after them."""

    withdrawn: datetime
    left_out: datetime
    taken_back: datetime


def told_to(vendor: Vendor, study: Study, *, now: datetime | None = None) -> Told:
    """What a vendor knows by now of its people in a study."""
    now = now or timezone.now()
    people = Participation.objects.filter(study=study, annotator__vendor=vendor)
    agreed = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        document=study.consent_document_id,
        purpose=Purpose.TAKE_PART,
        given=True,
    )
    hidden = When(Q(Exists(agreed), phase=Phase.MAIN), then=F("pk"))
    withdrew = people.exclude(withdrawn_at=None).values_list(
        "withdrawn_at", Case(hidden, default=NOBODY)
    )
    changes = Exclusion.objects.filter(participation__in=people)
    of_main = When(participation__phase=Phase.MAIN, then=F("participation"))
    times = changes.order_by("at").values_list("at", Case(of_main, default=NOBODY), "out")
    left = [(at, person) for at, person, out in times if out]
    back = [(at, person) for at, person, out in times if not out]
    return Told(
        withdrawn=told_before([(at, pk) for at, pk in withdrew if at], now),
        left_out=told_before(left, now),
        taken_back=told_before(back, now),
    )


def told_before(events: Sequence[Event], now: datetime) -> datetime:
    """The last Monday up to `now` on which events were told; all before it are."""
    waiting, told = sorted(events), NOTHING_YET
    while waiting:
        monday = next_monday(waiting[0][0])
        latest = next_monday(waiting[0][0] + LONGEST - timedelta.resolution)
        while monday < latest and _people(waiting, monday) < TOGETHER:
            monday += WEEK
        if monday > now:
            break
        told = monday
        waiting = [event for event in waiting if event[0] >= monday]
    return told


def _people(events: Sequence[Event], moment: datetime) -> int:
    """How many people's events lie before a moment."""
    return len({who for at, who in events if at < moment} - {NOBODY})


def next_monday(moment: datetime) -> datetime:
    """The first Monday 00:00 UTC after a moment."""
    day = moment.astimezone(UTC).date()
    return datetime.combine(day + timedelta(days=7 - day.weekday()), time.min, UTC)

"""When a vendor is told, under its own ids, that somebody withdrew or was left out.

What leaves under pseudonyms loses her at once. A vendor who learned in the same hour which of
its people withdrew could name the pseudonym that vanished. So people endpoints, webhooks and
pages tell such events late and together: on a Monday (UTC), all that wait, once they are of
`TOGETHER` people at least or the oldest has waited for `LONGEST`. Counted are people who are
told of under pseudonyms too: behind others, whom the vendor can tell apart, nobody hides.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone

from accounts.models import Consent, Purpose, Vendor
from annotation.models import Exclusion, Participation, Phase, Study

TOGETHER = 5  # people of one vendor in one study, for each kind of event
LONGEST = timedelta(weeks=4)
WEEK = timedelta(weeks=1)
LATELY = timedelta(weeks=10)  # read at first
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
    """What a vendor knows by now of its people in a study. Reads what happened lately, and
    what lies further back where that does not tell."""
    now = now or timezone.now()

    def left_out(since: datetime) -> list[Event]:
        return _decisions(vendor, study, since, out=True)

    def taken_back(since: datetime) -> list[Event]:
        return _decisions(vendor, study, since, out=False)

    return Told(
        withdrawn=last_told(partial(_withdrawals, vendor, study), now),
        left_out=last_told(left_out, now),
        taken_back=last_told(taken_back, now),
    )


def _withdrawals(vendor: Vendor, study: Study, since: datetime) -> list[Event]:
    people = Participation.objects.filter(
        study=study, annotator__vendor=vendor, withdrawn_at__gte=since
    )
    agreed = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        document=study.consent_document_id,
        purpose=Purpose.TAKE_PART,
        given=True,
    )
    hidden = When(Q(Exists(agreed), phase=Phase.MAIN), then=F("pk"))
    found = people.values_list("withdrawn_at", Case(hidden, default=NOBODY))
    return [(at, person) for at, person in found if at]


def _decisions(vendor: Vendor, study: Study, since: datetime, *, out: bool) -> list[Event]:
    changes = Exclusion.objects.filter(
        participation__study=study, participation__annotator__vendor=vendor, out=out, at__gte=since
    )
    of_main = When(participation__phase=Phase.MAIN, then=F("participation"))
    return list(changes.order_by("at").values_list("at", Case(of_main, default=NOBODY)))


def last_told(read: Callable[[datetime], Sequence[Event]], now: datetime) -> datetime:
    """`told_before` of all events, of which `read` yields those since a moment.

    A week of enough people is told on the Monday that ends it, with all that waited: what
    follows does not depend on what was before.
    """
    begun = next_monday(now - LATELY)
    events = read(begun)
    weeks: dict[datetime, set[int]] = {}
    for at, who in events:
        weeks.setdefault(next_monday(at), set()).add(who)
    told = [end for end, people in weeks.items() if len(people - {NOBODY}) >= TOGETHER]
    known = max((end for end in told if begun < end <= now), default=None)
    if known is None:
        return told_before(read(NOTHING_YET), now)
    return max(known, told_before([event for event in events if event[0] >= known], now))


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

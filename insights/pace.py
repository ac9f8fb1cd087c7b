"""How fast a study goes and what its pay comes to: reads, of one phase at a time.

Minutes are those of `annotation/moments.py`: between the stored acts, pauses longer than 15
minutes cut out. Medians are over the latest 500, so that a page stays fast and follows the
present. People count by what they are paid: everybody who finished, also who is left out of
the analysis later.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from django.db.models import Count, Min, Q
from django.utils import timezone

from annotation.actions.cells import facts_of, placed_people
from annotation.models import (
    Conversation,
    Outcome,
    Participation,
    Quota,
    Slot,
    Study,
    StudyLocale,
)
from annotation.moments import OF_A_CONVERSATION, OF_A_PERSON, moments_of, worked_minutes
from annotation.quotas import alternatives, fits
from annotation.room import is_waiting
from insights.forecast import Forecast, forecast, hourly, people_for

LATEST = 500
WEEK = timedelta(days=7)
SHORTEST = timedelta(days=1)  # of a rate: the first hours of a phase say little about a day


@dataclass(frozen=True)
class LocalePace:
    """Median minutes of a finished conversation. Re-tests are shorter, and left out."""

    locale: StudyLocale
    conversations: int
    minutes: float | None


@dataclass(frozen=True)
class Pay:
    """What an hour pays those whom one vendor sent to one country, where the pay is the same."""

    country: str
    vendor: str
    people: int
    minutes: float
    pay: Decimal
    currency: str
    floor: Decimal | None

    @property
    def an_hour(self) -> float | None:
        return hourly(float(self.pay), self.minutes)

    @property
    def too_low(self) -> bool:
        """Whether it is below the locale's floor."""
        paid = self.an_hour
        return self.floor is not None and paid is not None and paid < float(self.floor)


@dataclass(frozen=True)
class Filling:
    """How full something is, how much came in the days looked at, and when it closes."""

    name: str
    country: str
    filled: int
    wanted: int
    came: int
    days: float
    closes: Forecast | None
    waiting: bool = False

    @property
    def a_day(self) -> float:
        return self.came / self.days


@dataclass(frozen=True)
class LocaleFilling:
    """People and judgements of a locale; it closes with the judgements, or in a study without
    a pool with the people planned for it (`closing` is None: nothing is planned)."""

    people: Filling
    judgements: Filling | None

    @property
    def closing(self) -> Filling | None:
        planned = self.judgements or self.people
        return planned if planned.wanted else None


def locale_paces(study: Study, phase: str) -> list[LocalePace]:
    paces = []
    for locale in study.locales.order_by("country", "language"):
        talks = Conversation.objects.released().without_retests()
        finished = talks.filter(
            locale=locale, participation__phase=phase, status=Conversation.Status.FINISHED
        )
        latest = list(finished.order_by("-ended_at").values_list("pk", flat=True)[:LATEST])
        moments = moments_of(latest, OF_A_CONVERSATION).values()
        minutes = median(worked_minutes(times) for times in moments) if latest else None
        paces.append(LocalePace(locale, len(latest), minutes))
    return paces


def pays(study: Study, phase: str, *, most: int = LATEST) -> list[Pay]:
    """By country and vendor, over complete participations; locales without pay are left out.

    Medians are over the latest `most` of each."""
    finished = (
        Participation.objects.filter(study=study, phase=phase, outcome=Outcome.COMPLETE)
        .exclude(locale__pay=None)
        .order_by("-finished_at")
        .values_list(
            *("pk", "locale__country", "annotator__vendor__name"),
            *("locale__pay", "locale__currency", "locale__pay_floor"),
        )
    )
    groups: dict[tuple[str, str, Decimal, str, Decimal | None], list[int]] = defaultdict(list)
    for person, country, vendor, pay, currency, floor in finished.iterator():
        assert pay is not None
        people = groups[country, vendor, pay, currency, floor]
        if len(people) < most:
            people.append(person)
    moments = moments_of([person for people in groups.values() for person in people], OF_A_PERSON)
    return [
        Pay(
            country=country,
            vendor=vendor,
            people=len(people),
            minutes=median(worked_minutes(moments[person]) for person in people),
            pay=pay,
            currency=currency,
            floor=floor,
        )
        for (country, vendor, pay, currency, floor), people in sorted(
            groups.items(), key=lambda group: group[0][:3]
        )
    ]


def locale_fillings(study: Study, phase: str) -> list[LocaleFilling]:
    """All locales by two reads, and where there is a soft launch by those of its stop."""
    now, times = timezone.now(), defaultdict(list)
    for locale, time in placed_people(study, phase).values_list("locale", "screened_at"):
        times[locale].append(time)
    judged = _judged(study, phase, now) if study.pool_conversations else {}
    fillings = []
    for locale in study.locales.select_related("study").order_by("country", "language"):
        waiting = is_waiting(locale=locale, phase=phase)
        people = _filling(
            name=str(locale),
            country=locale.country,
            times=times[locale.pk],
            wanted=locale.planned_people or 0,
            now=now,
            waiting=waiting,
        )
        counts = judged.get(locale.pk, NO_SLOTS) if study.pool_conversations else None
        judgements = _judgements(locale, counts, now, waiting) if counts else None
        fillings.append(LocaleFilling(people, judgements))
    return fillings


@dataclass(frozen=True)
class SlotCounts:
    """The places of a locale; `came` and `people` are those of the last 7 days."""

    done: int
    lacking: int
    first: datetime | None
    came: int
    people: int


NO_SLOTS = SlotCounts(0, 0, None, 0, 0)


def _judged(study: Study, phase: str, now: datetime) -> dict[int, SlotCounts]:
    """By locale. The days looked at hold all that was done in the last 7, whichever they are."""
    recent = Q(status=Slot.Status.DONE, done_at__gte=now - WEEK)
    rows = (
        Slot.objects.filter(locale__study=study, phase=phase)
        .order_by()
        .values_list("locale")
        .annotate(
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
            lacking=Count("pk", filter=Q(status=Slot.Status.OPEN, prompt__retired_at=None)),
            first=Min("done_at"),
            came=Count("pk", filter=recent),
            people=Count("holder", filter=recent, distinct=True),
        )
    )
    return {locale: SlotCounts(*counts) for locale, *counts in rows}


def _filling(
    *,
    name: str,
    country: str,
    times: Iterable[datetime | None],
    wanted: int,
    now: datetime,
    waiting: bool = False,
) -> Filling:
    """Of people, by the times at which they found a place."""
    known = [time for time in times if time is not None]
    first = min(known, default=None)
    since, days = _window(first, now)
    came = sum(time >= since for time in known)
    return Filling(
        name=name,
        country=country,
        filled=len(known),
        wanted=wanted,
        came=came,
        days=days,
        closes=forecast(lacking=wanted - len(known), came=_telling(came, first, since), days=days),
        waiting=waiting,
    )


def _window(first: datetime | None, now: datetime) -> tuple[datetime, float]:
    """The last 7 days, or since the first one came, but a day at least; and how long that is."""
    since = now - WEEK if first is None else max(now - WEEK, min(first, now - SHORTEST))
    return since, (now - since) / timedelta(days=1)


def _telling(came: int, first: datetime | None, since: datetime) -> int:
    """Of those who came, how many tell of the rate. Where nobody came before these days they
    begin with the first one, who is in them whatever the rate is."""
    return came - 1 if first is not None and first >= since else came


def _judgements(locale: StudyLocale, counts: SlotCounts, now: datetime, waiting: bool) -> Filling:
    """Judgements come in handfuls, one for each person: so the chance is in the people."""
    since, days = _window(counts.first, now)
    came, people, lacking = counts.came, counts.people, counts.lacking
    return Filling(
        name=str(locale),
        country=locale.country,
        filled=counts.done,
        wanted=counts.done + lacking,
        came=came,
        days=days,
        closes=forecast(
            lacking=people_for(judgements=lacking, done=came, people=people) if came else lacking,
            came=_telling(people, counts.first, since),
            days=days,
        ),
        waiting=waiting,
    )


def cell_fillings(study: Study, phase: str) -> list[Filling]:
    """Each cell of people: who holds a place in it, and when it closes."""
    quotas = list(Quota.objects.filter(study=study).order_by("pk"))
    if not quotas:
        return []
    now = timezone.now()
    placed = placed_people(study, phase)
    facts = facts_of(study, placed)
    times = [  # people who are placed or leave between the two reads are in one of them only
        (facts[who], time)
        for who, time in placed.values_list("annotator", "screened_at")
        if who in facts
    ]
    return [
        _filling(
            name=quota.key,
            country=_country_of(quota),
            times=[time for hers, time in times if fits(quota.conditions, hers)],
            wanted=quota.target,
            now=now,
        )
        for quota in quotas
    ]


def _country_of(quota: Quota) -> str:
    """The country whose days count, where all of the cell's alternatives name it alone."""
    named = {tuple(map(str, way.get("country", []))) for way in alternatives(quota.conditions)}
    countries = named.pop() if len(named) == 1 else ()
    return countries[0] if len(countries) == 1 else ""

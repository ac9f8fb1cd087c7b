"""How full locales and cells are, how much comes a day, and when they close: reads, of one phase.

Days looked at are the last 7, or since the first person; `insights/statistics/forecast.py` tells
the rest.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone

from annotation.actions.cells import facts_of, placed_people
from annotation.cells.quotas import alternatives, fits
from annotation.models import Quota, Slot, Study, StudyLocale
from annotation.steps.room import is_waiting
from insights.statistics.forecast import Forecast, forecast, people_for

WEEK = timedelta(days=7)
SHORTEST = timedelta(days=1)  # of a rate: the first hours of a phase say little about a day


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


def locale_fillings(study: Study, phase: str) -> list[LocaleFilling]:
    """All locales by two reads, and where there is a soft launch by those of its stop."""
    now = timezone.now()
    times: dict[int | None, list[datetime | None]] = defaultdict(list)
    for where, time in placed_people(study, phase).values_list("locale", "screened_at"):
        times[where].append(time)
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

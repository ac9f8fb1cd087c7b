"""Reads: how far each cell and stratum of a study is, and whether the plan can fill."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from annotation.actions.cells import people_by_cell, placed_people, share_of_places
from annotation.actions.strata import stored_cells
from annotation.cells.quotas import alternatives
from annotation.cells.strata import JOIN, planned_strata
from annotation.models import (
    Outcome,
    Quota,
    ScreeningCount,
    Slot,
    Study,
    StudyLocale,
)

# By locale and stratum: how many places are free, held, and done.
Slots = Mapping[tuple[int, str], tuple[int, int, int]]


@dataclass(frozen=True)
class CellFill:
    """A cell and its people. Unit: people of one phase."""

    key: str
    words: str
    target: int
    placed: int
    finished: int
    turned_away: int  # came when it was full
    least: int  # different people that the cell's share allows at least
    open_places: int  # that want somebody of this cell first
    each: int  # sets that one person judges at most, in the locale where that is most

    @property
    def missing(self) -> int:
        return max(0, self.target - self.placed)

    @property
    def remaining(self) -> int:
        """Judgements that the missing people can give."""
        return self.missing * self.each

    @property
    def is_full(self) -> bool:
        return self.placed >= self.target


@dataclass(frozen=True)
class StratumFill:
    """The places of one stratum. Done ones count for whom they were planned, whoever came."""

    stratum: str
    share: float | None  # planned, of the locale's people; None: no such stratum is planned
    people: int
    free: int
    held: int
    done: int

    @property
    def percent(self) -> str:
        return "" if self.share is None else f"{100 * self.share:.1f}"


@dataclass(frozen=True)
class Capacity:
    """What the planned people can judge, against the places there are."""

    planned_people: int | None
    placed: int
    per_person: Fraction  # sets that one judges at most: the mean of the strata, by their shares
    places: int
    done: int

    @property
    def open(self) -> int:
        return self.places - self.done

    @property
    def needed_people(self) -> int | None:
        """Who all must come for every place, if each takes all she may; None: nobody can."""
        return math.ceil(self.places / self.per_person) if self.per_person else None

    @property
    def still_to_come(self) -> int | None:
        if self.planned_people is None:
            return None
        return max(0, self.planned_people - self.placed)

    @property
    def spare(self) -> int | None:
        """Judgements that the planned people could give beyond the places; below 0: lacking."""
        if self.planned_people is None:
            return None
        return math.floor(self.planned_people * self.per_person) - self.places

    @property
    def lacking(self) -> int:
        return max(0, -(self.spare or 0))


@dataclass(frozen=True)
class LocalePlan:
    """How one locale stands."""

    locale: StudyLocale
    strata: list[StratumFill]
    capacity: Capacity


def cell_fill(study: Study, phase: str) -> list[CellFill]:
    """Every cell with its people: planned, placed, finished, turned away."""
    people, cells = placed_people(study, phase), stored_cells(study)
    placed = people_by_cell(study, people, cells)
    finished = people_by_cell(study, people.filter(outcome=Outcome.COMPLETE), cells)
    slots = _slots(study, phase)
    away, wanting = _turned_away(study, phase), _open_by_cell(slots)
    most = _most_by_cell(study, phase, slots)
    return [
        CellFill(
            key=quota.key,
            words=describe(quota.conditions),
            target=quota.target,
            placed=placed[quota.key],
            finished=finished[quota.key],
            turned_away=away[quota.key],
            least=min(quota.target, math.ceil(1 / study.cell_share - 1e-9)),
            open_places=wanting[quota.key],
            each=most[quota.key],
        )
        for quota in Quota.objects.filter(study=study).order_by("key")
    ]


def _turned_away(study: Study, phase: str) -> Counter[str]:
    rows = ScreeningCount.objects.filter(study=study, phase=phase, outcome=Outcome.QUOTA_FULL)
    found: Counter[str] = Counter()
    for keys, number in rows.order_by().values_list("cell").annotate(Sum("people")):
        found.update(dict.fromkeys(keys.split(","), number))
    return found


def _open_by_cell(slots: Slots) -> Counter[str]:
    found: Counter[str] = Counter()
    for (_locale, stratum), (free, held, _done) in slots.items():
        found.update(dict.fromkeys(stratum.split(JOIN), free + held))
    return found


def _each(study: Study, *, prompts: int, places: int) -> int:
    """How many sets one person judges at most: of her plan, of the prompts there are, and of
    her stratum's places by the share of a cell."""
    cap = share_of_places(share=study.cell_share, places=places)
    planned = min(study.pool_conversations, prompts)
    return planned if cap is None else min(planned, cap)


def _most_by_cell(study: Study, phase: str, slots: Slots) -> Counter[str]:
    """`_each` of a cell's people, in that of its locales and strata where it is most."""
    wanted = Slot.objects.filter(locale__study=study, phase=phase).exclude(status=Slot.Status.VOID)
    rows = wanted.order_by().values_list("locale").annotate(Count("prompt", distinct=True))
    prompts, found = dict(rows), Counter[str]()
    for (locale, stratum), places in slots.items():
        each = _each(study, prompts=prompts[locale], places=sum(places))
        for key in stratum.split(JOIN):
            found[key] = max(found[key], each)
    return found


def screened_out(study: Study, phase: str) -> dict[int | None, int]:
    """People who fit no cell, by locale. Their answers are gone."""
    counts = ScreeningCount.objects.filter(study=study, phase=phase, outcome=Outcome.SCREENED_OUT)
    return dict(counts.order_by().values_list("locale").annotate(Sum("people")))


def locale_plans(study: Study, phase: str) -> list[LocalePlan]:
    """Strata and capacity of every locale, in the order of the overlap table."""
    cells = stored_cells(study)
    people = Counter(
        dict(_counted(placed_people(study, phase), "locale", "stratum", people=Count("pk")))
    )
    slots = _slots(study, phase)
    return [
        LocalePlan(
            locale,
            _strata(locale, planned_strata(cells, locale.country), people, slots),
            _capacity(locale, phase, people, planned_strata(cells, locale.country), slots),
        )
        for locale in study.locales.order_by("country", "language")
    ]


def _counted(rows: Any, first: str, second: str, **number: Any) -> list[tuple[Any, int]]:
    counted = rows.order_by().values_list(first, second).annotate(**number)
    return [((one, other), count) for one, other, count in counted]


def _slots(study: Study, phase: str) -> Slots:
    now = timezone.now()
    is_open = Q(status=Slot.Status.OPEN)
    rows = (
        Slot.objects.filter(locale__study=study, phase=phase)
        .exclude(status=Slot.Status.VOID)
        .order_by()
        .values_list("locale", "stratum")
        .annotate(
            free=Count("pk", filter=is_open & Q(leased_until__lte=now)),
            held=Count("pk", filter=is_open & Q(leased_until__gt=now)),
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
        )
    )
    return {(locale, stratum): (free, held, done) for locale, stratum, free, held, done in rows}


def _strata(
    locale: StudyLocale,
    shares: Mapping[str, Fraction],
    people: Counter[Any],
    slots: Slots,
) -> list[StratumFill]:
    known = {stratum for pk, stratum in [*slots, *people] if pk == locale.pk} | set(shares)
    found = []
    for stratum in sorted(known):
        free, held, done = slots.get((locale.pk, stratum), (0, 0, 0))
        share = float(shares[stratum]) if stratum in shares else None
        mine = people[locale.pk, stratum]
        found.append(StratumFill(stratum, share, mine, free, held, done))
    return found


def _capacity(
    locale: StudyLocale,
    phase: str,
    people: Counter[Any],
    shares: Mapping[str, Fraction],
    slots: Slots,
) -> Capacity:
    wanted = Slot.objects.filter(locale=locale, phase=phase).exclude(status=Slot.Status.VOID)
    numbers = wanted.aggregate(
        places=Count("pk"),
        done=Count("pk", filter=Q(status=Slot.Status.DONE)),
        prompts=Count("prompt", distinct=True),
    )
    each = {
        stratum: _each(
            locale.study,
            prompts=numbers["prompts"],
            places=sum(slots.get((locale.pk, stratum), ())),
        )
        for stratum in shares or {"": Fraction(1)}
    }
    return Capacity(
        planned_people=locale.planned_people,
        placed=sum(number for (pk, _stratum), number in people.items() if pk == locale.pk),
        per_person=sum((shares.get(key, Fraction(1)) * n for key, n in each.items()), Fraction(0)),
        places=numbers["places"],
        done=numbers["done"],
    )


def describe(conditions: Any) -> str:
    """Conditions in short: "FR · gender female · age 18–34", alternatives parted by "or"."""
    return " / ".join(
        " · ".join(_word(name, way[name]) for name in sorted(way, key=_country_first))
        for way in alternatives(conditions)
    )


def _country_first(name: str) -> tuple[bool, str]:
    return (name != "country", name)


def _word(name: str, condition: Any) -> str:
    if isinstance(condition, Mapping):
        low, high = condition.get("from", ""), condition.get("to", "")
        return f"{name} {low}–{high}"
    codes = ", ".join(str(code) for code in condition)
    return codes if name == "country" else f"{name} {codes}"

"""Reads: how far each stratum of a locale is, and whether its plan can fill."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, Sum

from annotation.actions.cells import placed_people
from annotation.actions.strata import stored_cells
from annotation.cells.strata import planned_strata
from annotation.models import (
    Outcome,
    ScreeningCount,
    Slot,
    Study,
    StudyLocale,
)
from insights.plan.places import Slots, each_judges, slots_by_stratum


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
class Room:
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
    room: Room


def screened_out(study: Study, phase: str) -> dict[int | None, int]:
    """People who fit no cell, by locale. Their answers are gone."""
    counts = ScreeningCount.objects.filter(study=study, phase=phase, outcome=Outcome.SCREENED_OUT)
    return dict(counts.order_by().values_list("locale").annotate(Sum("people")))


def locale_plans(study: Study, phase: str) -> list[LocalePlan]:
    """Strata and room of every locale, in the order of the overlap table."""
    cells = stored_cells(study)
    people = Counter(
        dict(_counted(placed_people(study, phase), "locale", "stratum", people=Count("pk")))
    )
    slots = slots_by_stratum(study, phase)
    return [
        LocalePlan(
            locale,
            _strata(locale, planned_strata(cells, locale.country), people, slots),
            _room(locale, phase, people, planned_strata(cells, locale.country), slots),
        )
        for locale in study.locales.order_by("country", "language")
    ]


def _counted(rows: Any, first: str, second: str, **number: Any) -> list[tuple[Any, int]]:
    counted = rows.order_by().values_list(first, second).annotate(**number)
    return [((one, other), count) for one, other, count in counted]


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


def _room(
    locale: StudyLocale,
    phase: str,
    people: Counter[Any],
    shares: Mapping[str, Fraction],
    slots: Slots,
) -> Room:
    wanted = Slot.objects.filter(locale=locale, phase=phase).exclude(status=Slot.Status.VOID)
    numbers = wanted.aggregate(
        places=Count("pk"),
        done=Count("pk", filter=Q(status=Slot.Status.DONE)),
        prompts=Count("prompt", distinct=True),
    )
    each = {
        stratum: each_judges(
            locale.study,
            prompts=numbers["prompts"],
            places=sum(slots.get((locale.pk, stratum), ())),
        )
        for stratum in shares or {"": Fraction(1)}
    }
    return Room(
        planned_people=locale.planned_people,
        placed=sum(number for (pk, _stratum), number in people.items() if pk == locale.pk),
        per_person=sum((shares.get(key, Fraction(1)) * n for key, n in each.items()), Fraction(0)),
        places=numbers["places"],
        done=numbers["done"],
    )

"""Reads: how far each cell of a study is, and what it says in words."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum

from annotation.actions.cells import people_by_cell, placed_people
from annotation.actions.strata import stored_cells
from annotation.cells.quotas import alternatives
from annotation.cells.strata import JOIN
from annotation.models import (
    Outcome,
    Quota,
    ScreeningCount,
    Slot,
    Study,
)
from insights.plan.places import Slots, each_judges, slots_by_stratum


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


def cell_fill(study: Study, phase: str) -> list[CellFill]:
    """Every cell with its people: planned, placed, finished, turned away."""
    people, cells = placed_people(study, phase), stored_cells(study)
    placed = people_by_cell(study, people, cells)
    finished = people_by_cell(study, people.filter(outcome=Outcome.COMPLETE), cells)
    slots = slots_by_stratum(study, phase)
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


def _most_by_cell(study: Study, phase: str, slots: Slots) -> Counter[str]:
    """`each_judges` of a cell's people, in that of its locales and strata where it is most."""
    wanted = Slot.objects.filter(locale__study=study, phase=phase).exclude(status=Slot.Status.VOID)
    rows = wanted.order_by().values_list("locale").annotate(Count("prompt", distinct=True))
    prompts, found = dict(rows), Counter[str]()
    for (locale, stratum), places in slots.items():
        each = each_judges(study, prompts=prompts[locale], places=sum(places))
        for key in stratum.split(JOIN):
            found[key] = max(found[key], each)
    return found


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

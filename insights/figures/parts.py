"""What figures of agreement share: whose judgements, parts of a study, rows and pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.charts import Chart, Kind, Series
from insights.figures.figure import Column, Interval, Remark, Result, Shape, Value
from insights.figures.judgements import Judgements
from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, over_both, ratio, totals

LEAST_PEOPLE = 20
HIDDEN = noop("A dash: fewer than %(people)s people, or no two people judged the same set.")
NOT_YET = noop("Rows by locale are locked until the study is closed.")
EVERYBODY, LOCALE, ARM = noop("everybody"), noop("locale"), noop("arm")
PART = Column("part", noop("Of"), Shape.WORDS)
NAME = Column("name", noop("Which"), Shape.WORDS)
PEOPLE = Column("people", noop("People"), Shape.COUNT)
SETS = Column("sets", noop("Sets"), Shape.COUNT)


@dataclass(frozen=True)
class Part:
    """Names of parts of a study, and which of them each cell belongs to, (cells,); -1: none."""

    kind: str
    names: Sequence[str]
    of_cell: Ints


def cells_of(data: Judgements) -> tuple[Ints, Ints, Ints]:
    """A set judged in a locale is a cell. Each judgement's cell, and each cell's set and locale."""
    wide = len(data.locales) + 1
    keys = data.rows.judged_set * wide + data.rows.locale
    found, cells = np.unique(keys, return_inverse=True)
    return cells.astype(np.int64), found // wide, found % wide


def parts_of(data: Judgements, sets: Ints, locales: Ints) -> list[Part]:
    """Everybody, each locale unless outcomes by group are locked, and, where there are several,
    each arm; of cells."""
    parts = [Part(EVERYBODY, [""], np.zeros(sets.size, dtype=np.int64))]
    if not data.locked:
        parts.append(Part(LOCALE, list(data.locales), locales))
    arms, of_cell = np.unique(data.sets.arm[sets], return_inverse=True)
    if arms.size > 1:
        parts.append(Part(ARM, arms.tolist(), of_cell.astype(np.int64)))
    return parts


def remarks_of(data: Judgements) -> list[Remark]:
    """What is to be said of rows by part."""
    return [Remark(HIDDEN, {"people": LEAST_PEOPLE}), *([Remark(NOT_YET)] if data.locked else [])]


def rows_by_part(
    parts: Sequence[Part],
    mean: Callable[[Ints], Estimates],
    compared: Bools,
    by_prompt: Callable[[Ints], Estimates] | None = None,
) -> list[Sequence[Value]]:
    """A row for each part: what it is, its people, its sets, its figure with its interval.

    mean: the figure of each part, given the part of each cell; compared: (cells,) whether a cell
    has two people to compare; by_prompt: the same figure with its error over prompts, which is
    added where arms are compared, since another draw of prompts would change those too.
    """
    rows: list[Sequence[Value]] = []
    for part in parts:
        of_cell = np.where(compared, part.of_cell[: compared.size], -1)
        found = mean(of_cell)
        if by_prompt and part.kind == ARM:
            found = over_both(found, by_prompt(of_cell))
        sets = np.bincount(of_cell[of_cell >= 0], minlength=len(part.names))
        for place, name in enumerate(part.names[: found.value.size]):
            cell = interval(found, place)
            rows.append((part.kind, name, int(found.people[place]), int(sets[place]), cell))
    return rows


def over_prompts(values: Floats, prompts: Ints, of_cell: Ints) -> Estimates:
    """The mean of the cells' values in each part, (parts,), with the jackknife over prompts.

    values, prompts: (cells,). A prompt's sets in all languages are left out together.
    """
    known = np.where(np.isnan(values) | (prompts < 0), -1, of_cell)
    size = {"number": int(prompts.max(initial=-1)) + 1, "count": int(of_cell.max(initial=-1)) + 1}
    prompts = np.maximum(prompts, 0)
    upper = totals(prompts, known, np.nan_to_num(values), **size)
    return ratio(upper, totals(prompts, known, np.ones(known.size), **size))


def interval(found: Estimates, place: int, least: int = LEAST_PEOPLE) -> Interval:
    """A figure with its bounds at 95 %; nothing where too few people stand behind it, or nobody."""
    if place >= found.value.size:  # no set had anything to compare
        return (None, None, None)
    value, people = float(found.value[place]), int(found.people[place])
    if people < least or not np.isfinite(value):
        return (None, None, None)
    low, high = (float(bound[place]) for bound in found.bounds())
    return (value, low, high)


def result(
    data: Judgements,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Value]],
    *,
    chart: Chart | None = None,
    remarks: Sequence[Remark] = (),
    used: Bools | None = None,
) -> Result:
    """With how many people, judgements and sets it rests on: all, or those that were used."""
    kept = np.ones(len(data), dtype=np.bool_) if used is None else used
    return Result(
        people=int(np.unique(data.rows.person[kept]).size),
        judgements=int(kept.sum()),
        sets=int(np.unique(data.rows.judged_set[kept]).size),
        columns=columns,
        rows=rows,
        chart=chart,
        remarks=remarks,
    )


def points(
    title: str,
    rows: Sequence[Sequence[Value]],
    column: int,
    *,
    unit: str = "",
    lines: Sequence[tuple[str, float]] = (),
) -> Chart | None:
    """A picture of one column of intervals, with the names in the second column (or the first,
    where that is empty) as labels. Rows without a figure are left out."""
    kept = [row for row in rows if isinstance(row[column], tuple) and row[column][0] is not None]  # type: ignore[index]
    if not kept:
        return None
    values, low, high = zip(*(row[column] for row in kept), strict=True)
    return Chart(
        Kind.POINTS,
        title,
        labels=[str(row[1] or row[0]) for row in kept],
        series=[Series("", list(values), list(low), list(high))],
        unit=unit,
        lines=lines,
    )  # fmt: skip

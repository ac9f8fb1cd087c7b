"""Lists of core prompts: those that divide people, and those that divide united countries."""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.figures.between import NO_PARALLEL, shared
from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.judgements import Judgements
from insights.figures.parts import LEAST_PEOPLE, NAME, PEOPLE, cells_of, result
from insights.statistics.arrays import Bools
from insights.statistics.divided import disagreement, divisions, shrink

GROUP = "agreement"
LONGEST = 30  # rows of a list
PERMUTATIONS = 2000
LEVEL = 0.05
NO_CORE = noop(
    "This study has no core prompts. Prompts that ten people judged are never ranked singly: "
    "the most divided of them would be so by chance."
)
SHRUNK = noop(
    "Ordered by the shrunken estimate: each is drawn towards the mean of all as far as it is noise."
)
FALSE_ONES = noop(
    "%(found)s of %(tested)s are found divided, with at most 5 %% false ones among such findings."
)
PROMPT = Column("prompt", noop("Prompt"), Shape.WORDS)


def most_divided(data: Judgements, _options: Options) -> Result:
    """Core sets by how often two people of a locale choose differently."""
    columns = (
        *(PROMPT, NAME, PEOPLE),
        Column("differ", noop("Choose differently"), Shape.INTERVAL, 3, percent=True),
        Column("differ_shrunk", noop("Shrunken"), Shape.FIGURE, 3, percent=True),
    )
    core = _core(data)
    if not core.any():
        return result(data, columns, (), remarks=(Remark(NO_CORE),))
    kept = data.where(core)
    cells, _sets, locales = cells_of(kept)
    width = kept.rows.ranks.shape[1]
    value, error = disagreement(kept.rows.chosen, cells, count=locales.size, width=width)
    people = np.bincount(cells, minlength=locales.size)
    enough = people >= LEAST_PEOPLE
    shrunk = shrink(np.where(enough, value, np.nan), np.nan_to_num(error))
    prompts = _first_of(cells, kept.rows.prompt, locales.size)
    order = [one for one in np.argsort(-shrunk, kind="stable") if enough[one]]
    rows: list[Sequence[Value]] = [
        (
            data.prompts[prompts[one]],
            data.locales[locales[one]],
            int(people[one]),
            (
                float(value[one]),
                float(value[one] - 1.96 * error[one]),
                float(value[one] + 1.96 * error[one]),
            ),
            float(shrunk[one]),
        )
        for one in order[:LONGEST]
    ]
    return result(data, columns, rows, remarks=(Remark(SHRUNK),), used=core)


def united_and_divided(data: Judgements, _options: Options) -> Result:
    """Core candidates judged in two countries, by how much more alike compatriots choose."""
    columns = (
        *(PROMPT, PEOPLE, Column("countries", noop("Countries"), Shape.COUNT)),
        Column("within", noop("Alike within a country"), Shape.FIGURE, 3, percent=True),
        Column("between", noop("Alike between countries"), Shape.FIGURE, 3, percent=True),
        Column("gap", noop("Difference"), Shape.FIGURE, 3),
        Column("gap_shrunk", noop("Shrunken difference"), Shape.FIGURE, 3),
        Column("p_value", noop("p"), Shape.FIGURE, 4),
        Column("p_adjusted", noop("p, adjusted"), Shape.FIGURE, 4),
    )
    core, both = _core(data), shared(data)
    if not (core & both).any():
        why = NO_PARALLEL if core.any() else NO_CORE
        return result(data, columns, (), remarks=(Remark(why),))
    used = core & both & _judged_by_enough(data, core & both)
    kept = data.where(used)
    stimulus = np.unique(kept.sets.stimulus[kept.rows.judged_set], return_inverse=True)[1]
    countries = np.array([name.split("-")[0] for name in data.locales])
    groups = np.unique(countries[kept.rows.locale], return_inverse=True)[1]
    found = divisions(
        kept.rows.chosen,
        stimulus,
        groups,
        width=kept.rows.ranks.shape[1],
        permutations=PERMUTATIONS,
        seed=1,
    )
    prompts = _first_of(stimulus, kept.rows.prompt, found.people.size)
    order = np.argsort(np.where(np.isnan(found.gap_shrunk), np.inf, -found.gap_shrunk))
    rows: list[Sequence[Value]] = [
        (
            data.prompts[prompts[one]],
            *(int(array[one]) for array in (found.people, found.groups)),
            *(
                float(array[one])
                for array in (
                    *(found.within, found.between, found.gap, found.gap_shrunk),
                    *(found.p_value, found.adjusted),
                )
            ),
        )
        for one in order[:LONGEST]
    ]
    tested = {
        "found": int((found.adjusted <= LEVEL).sum()),
        "tested": int(np.isfinite(found.p_value).sum()),
    }
    remarks = (Remark(FALSE_ONES, tested), Remark(SHRUNK))
    return result(data, columns, rows, remarks=remarks, used=used)


def _judged_by_enough(data: Judgements, kept: Bools) -> Bools:
    """(n,) whether enough people of those judgements that are kept judged these candidates: a
    set of fewer is neither shown nor among those that are tested."""
    stimulus = data.sets.stimulus[data.rows.judged_set]
    people = np.bincount(stimulus[kept], minlength=int(stimulus.max(initial=-1)) + 1)
    return np.asarray(people[stimulus] >= LEAST_PEOPLE)


def _core(data: Judgements) -> np.ndarray:
    """(n,) judgements of core prompts in pool conversations' first turns: never of the tail."""
    prompt = data.rows.prompt
    return np.asarray((prompt >= 0) & data.core[prompt] & (data.rows.turn == 1))


def _first_of(cells: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The value that all entries of a cell share, (cells,)."""
    found = np.zeros(count, dtype=np.int64)
    found[cells] = values
    return found


FIGURES = (
    Figure(
        key="most-divided",
        group=GROUP,
        title=noop("Core prompts that divide people most"),
        definition=noop(
            "The probability that two people of a locale choose differently in one set. Core "
            "prompts only: the others are judged by too few people to be ranked singly."
        ),
        source="Simpson (1949); DerSimonian and Laird (1986)",
        unit=Unit.PEOPLE,
        compute=most_divided,
        version=2,
        turns=noop("turn 1 of pool conversations"),
    ),
    Figure(
        key="united-divided",
        group=GROUP,
        title=noop("United within countries, divided between them"),
        definition=noop(
            "By how much more often two people of one country choose alike than two people of "
            "different countries. Core prompts only, and only candidates that were judged in "
            "both. Tested by moving people between countries by lot within each set; adjusted "
            "for the number of sets."
        ),
        source="Phipson and Smyth (2010); Benjamini and Hochberg (1995); Morris (1983)",
        unit=Unit.PEOPLE,
        compute=united_and_divided,
        version=2,
        by_groups=True,
        turns=noop("turn 1 of pool conversations"),
    ),
)

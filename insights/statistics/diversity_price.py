"""What diversity brings and costs: similar sets against disagreement, and rates by arm."""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, ratio, totals


@dataclass(frozen=True)
class Slope:
    """How much y changes per unit of x, with bounds, and what it rests on."""

    value: float
    error: float
    low: float
    high: float
    sets: int
    clusters: int


def slope(x: Floats, y: Floats, strata: Ints, clusters: Ints, *, level: float = 0.95) -> Slope:
    """Least squares of y on x within strata; error by leaving out one cluster at a time.

    x, y: (sets,), such as a set's mean similarity and the probability that two different
    people choose alike in it; nan leaves a set out. strata: (sets,), such as language and
    arm, each with a level of its own: what counts as similar differs between languages.
    clusters: (sets,), prompts with all their languages and arms. Sets weigh the same.
    y is unbiased however few people judged a set, so that sets need no equal number; its
    chance error widens the interval and does not flatten the slope. Error: jackknife over
    clusters; bounds: Student's t with one degree of freedom fewer than clusters.
    """
    kept = ~(np.isnan(x) | np.isnan(y))
    x, y = x[kept], y[kept]
    strata = np.unique(strata[kept], return_inverse=True)[1]
    clusters = np.unique(clusters[kept], return_inverse=True)[1]
    number = int(clusters.max(initial=-1)) + 1
    count = int(strata.max(initial=-1)) + 1
    sums = np.stack(
        [
            totals(clusters, strata, values, number=number, count=count)
            for values in (np.ones(x.size), x, y, x * x, x * y)
        ]
    )
    whole = sums.sum(axis=1)
    found = jackknife(_slope(whole), _slope(whole[:, None] - sums), np.ones(number, dtype=bool))
    low, high = found.bounds(level)
    return Slope(
        float(found.value), float(found.error), float(low), float(high), int(x.size), number
    )


def _slope(sums: Floats) -> Floats:
    """From n, sums of x, y, x x, x y by stratum, (5, ..., strata): the common slope, (...); nan
    where x is the same in all of each stratum, up to what rounding makes of it."""
    n, x, y, xx, xy = sums
    size = np.maximum(n, 1)
    upper, lower = (xy - x * y / size).sum(axis=-1), (xx - x * x / size).sum(axis=-1)
    varies = lower > 1e-9 * xx.sum(axis=-1)
    return np.asarray(np.divide(upper, lower, out=np.full(lower.shape, np.nan), where=varies))


def rates(said: Floats, cells: Ints, people: Ints, *, count: int) -> Estimates:
    """Share of yes among yes and no in each cell, (count,), errors over people.

    said: (n,) 1 yes, 0 no, nan can't say or not asked; cells: (n,) such as arm and language.
    """
    known = ~np.isnan(said) & (cells >= 0)
    number = int(people.max(initial=-1)) + 1
    upper = totals(people[known], cells[known], said[known], number=number, count=count)
    lower = totals(
        people[known], cells[known], np.ones(int(known.sum())), number=number, count=count
    )
    return ratio(upper, lower)


def prices(
    said: Floats, cells: Ints, controls: Ints, people: Ints, prompts: Ints, *, count: int
) -> Estimates:
    """Each cell's rate less its control's, (count,): what the cell's arm costs or brings.

    controls: (count,) the cell that each is compared with, such as the temperature-sampled
    arm in the same language; -1 for none. The same people and prompts stand in both arms,
    which the errors take in: variances from leaving out each person and each prompt are
    added, and that from leaving out each judgement is taken away, since it is in both
    (Cameron, Gelbach and Miller, 2011, JBES 29, 238-249); never below the larger of the two.
    `people` is the smaller number of people and prompts behind a figure: the degrees of
    freedom of its interval.
    """
    known = ~np.isnan(said) & (cells >= 0)
    said, cells = said[known], cells[known]
    units = [people[known], prompts[known], np.arange(said.size)]
    found = [_differences(said, cells, controls, unit, count=count) for unit in units]
    by_person, by_prompt, by_one = (each.error**2 for each in found)
    variance = np.maximum(by_person + by_prompt - by_one, np.maximum(by_person, by_prompt))
    return Estimates(
        value=found[0].value,
        error=np.asarray(np.sqrt(variance)),
        people=np.minimum(found[0].people, found[1].people),
    )


def _differences(
    said: Floats, cells: Ints, controls: Ints, units: Ints, *, count: int
) -> Estimates:
    """Differences with the infinitesimal jackknife's error over units: linear in who is left
    out (Jaeckel, 1972), so that judgements as units need no table of units times cells."""
    units = np.unique(units, return_inverse=True)[1]
    number = int(units.max(initial=-1)) + 1
    top = np.bincount(cells, said, minlength=count)
    size = np.bincount(cells, minlength=count).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = top / size
    value = np.where(controls >= 0, rate - rate[controls], np.nan)
    error, people = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
    for cell in np.flatnonzero(controls >= 0):
        move = np.zeros(number)
        for sign, one in ((1.0, cell), (-1.0, controls[cell])):
            own = cells == one
            part = said[own] - rate[one]
            move += sign * np.bincount(units[own], part, minlength=number) / max(size[one], 1)
        either = (cells == cell) | (cells == controls[cell])
        people[cell] = np.unique(units[either]).size
        if people[cell] > 1 and size[cell] and size[controls[cell]]:
            error[cell] = np.sqrt((move**2).sum() * people[cell] / (people[cell] - 1))
    return Estimates(np.asarray(value), error, people)

"""Intervals whose unit is the person: judgements of one annotator are not independent.

A figure's error is what would change with other annotators. The delete-one jackknife
over annotators (Quenouille 1956; Tukey 1958; Efron and Stein, 1981, Annals of Statistics 9,
586-596: on average it is never too small) keeps the prompts as they are; the pigeonhole
bootstrap resamples prompts too.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from insights.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Estimates:
    """Figures of one shape with their standard errors and the people behind each.

    Where too few people stand behind a figure its error is nan, and so are its bounds;
    nan itself where nobody does. `clusters`: the fewest units that an error over several kinds
    of them rests on; None: people.
    """

    value: Floats
    error: Floats
    people: Ints
    clusters: Ints | None = None

    def half_width(self, level: float = 0.95) -> Floats:
        """Half the interval: Student's t with one degree of freedom fewer than clusters."""
        clusters = self.people if self.clusters is None else self.clusters
        freedom = np.maximum(clusters - 1, 1)
        return np.asarray(stats.t.ppf(0.5 + level / 2, freedom) * self.error)

    def bounds(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Lower and upper ends of the interval at a level such as 0.95."""
        half = self.half_width(level)
        return self.value - half, self.value + half


def totals(people: Ints, cells: Ints, values: Floats, *, number: int, count: int) -> Floats:
    """Sums by person and cell, (number, count); entries with a cell below 0 are left out.

    people, cells, values: (entries,), people in 0..number-1 and cells below `count`.
    """
    kept = cells >= 0
    flat = people[kept] * count + cells[kept]
    sums = np.bincount(flat, weights=values[kept], minlength=number * count)
    return sums.reshape(number, count).astype(np.float64)


def ratio(upper: Floats, lower: Floats) -> Estimates:
    """Sum of `upper` over sum of `lower`, with its jackknife error over people.

    upper, lower: (people, ...), each person's sums. People whose `lower` is 0 have no part
    in a figure. Errors in the unit of the figure.
    """
    top, bottom = upper.sum(axis=0), lower.sum(axis=0)
    takes_part: Bools = lower != 0
    with np.errstate(divide="ignore", invalid="ignore"):
        value = top / bottom
        without = (top - upper) / (bottom - lower)
    return jackknife(value, without, takes_part)


def over_both(people: Estimates, prompts: Estimates) -> Estimates:
    """One figure with its errors over people and over prompts, as an error over both.

    The root of the sum of their squares: never too small, and at most about the part of people
    on prompts too large (Owen, 2007, on the pigeonhole bootstrap; Cameron, Gelbach and Miller,
    2011, JBES 29, 238-249, who take that part away again). Its degrees of freedom are those of
    whichever there are fewer of.
    """
    fewest = np.minimum(people.people, prompts.people)
    error = np.hypot(people.error, prompts.error)
    return Estimates(people.value, error, people.people, fewest)


def jackknife(value: Floats, without: Floats, takes_part: Bools) -> Estimates:
    """From a figure (...) and the figure without each person (people, ...).

    Variance = (g - 1) / g times the sum of squared distances from the mean of the g figures
    that leave out somebody who takes part (Efron and Tibshirani, 1993, equation 11.5).
    """
    people = takes_part.sum(axis=0)
    least = np.maximum(people, 1)
    shown = np.where(takes_part, without, 0.0)
    middle = shown.sum(axis=0) / least
    spread = np.where(takes_part, (without - middle) ** 2, 0.0).sum(axis=0)
    error = np.sqrt((people - 1) / least * spread)
    return Estimates(
        value=np.asarray(value),
        error=np.asarray(np.where(people > 1, error, np.nan)),
        people=np.asarray(people, dtype=np.int64),
    )


def pigeonhole(
    figure: Callable[[Floats, Floats], Floats],
    *,
    people: int,
    prompts: int,
    draws: int = 1000,
    seed: int,
) -> Floats:
    """Draws (draws, ...) of a figure under resampling of people and, apart, of prompts.

    `figure` takes how often each person (people,) and each prompt (prompts,) was drawn, and
    weights a judgement by the product of the two (Owen, 2007, Annals of Applied Statistics
    1, 386-411: the variance is never too small, and at most about the sum of the separate
    ones too large). A figure over pairs of people must leave out a person's pairs with
    herself: `agreement.Pairs.resampled` does.
    """
    rng = np.random.default_rng(seed)
    found = [figure(_drawn(people, rng), _drawn(prompts, rng)) for _draw in range(draws)]
    return np.array(found, dtype=np.float64)


def _drawn(number: int, rng: np.random.Generator) -> Floats:
    return np.bincount(rng.integers(number, size=number), minlength=number).astype(np.float64)

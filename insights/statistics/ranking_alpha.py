"""Krippendorff's alpha of rankings within sets: agreement beyond lot, never "reliability".

Alpha over letters or candidate numbers would pool categories that mean another text in every
set. Here the distance of two rankings of one set is the sum of the squared differences of
their midranks, and what lot would give is known: k (k^2 - 1) / 6 for two rankings of k
candidates drawn uniformly. alpha = 1 - Do / De, where each set weighs as its people do
(Krippendorff, 2011, "Computing Krippendorff's alpha-reliability", equation for units of unequal
numbers). Without ties and gaps a set's alpha is its mean pairwise Spearman coefficient; two
people who tie everything disagree less than by lot, though neither said anything.
"""

import numpy as np

from insights.statistics.arrays import Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, totals


def alpha(places: Floats, sets: Ints, people: Ints, parts: Ints) -> Estimates:
    """Alpha of the rankings of each part's sets, (parts,), with the jackknife over people.

    places: (n, k) midranks by candidate, nan where nothing was offered; sets, people: (n,)
    from 0, a person judges a set once; parts: (sets,) from 0, -1 for none.
    """
    m: Floats = np.bincount(sets, minlength=parts.size).astype(np.float64)
    candidates = (~np.isnan(places)).sum(axis=1)
    by_lot = candidates * (candidates**2 - 1) / 6
    centred = np.nan_to_num(places - np.nanmean(places, axis=1, keepdims=True))
    square = (centred**2).sum(axis=1)
    squares: Floats = np.bincount(sets, square, minlength=parts.size).astype(np.float64)
    sums = np.stack([np.bincount(sets, c, minlength=parts.size) for c in centred.T], axis=1)
    observed = _distance(squares, (sums**2).sum(axis=1), m)
    expected = np.bincount(sets, by_lot, minlength=parts.size)
    used = (parts >= 0) & (m > 1)
    count, number = int(parts.max(initial=-1)) + 1, int(people.max(initial=-1)) + 1
    top = np.bincount(parts[used], observed[used], minlength=count)
    bottom = np.bincount(parts[used], expected[used], minlength=count)

    rest = ((sums[sets] - centred) ** 2).sum(axis=1)
    fewer = _distance(squares[sets] - square, rest, m[sets] - 1)
    alone = m[sets] <= 2  # without her nobody is left to compare
    lost = np.where(alone, expected[sets], by_lot)
    change = np.where(alone, 0.0, fewer) - observed[sets]
    own = np.where(used[sets], parts[sets], -1)
    shift = totals(people, own, change, number=number, count=count)
    less = totals(people, own, lost, number=number, count=count)
    part = totals(people, own, np.ones(own.size), number=number, count=count) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return jackknife(1 - top / bottom, 1 - (top + shift) / (bottom - less), part)


def _distance(squares: Floats, square_of_sum: Floats, m: Floats) -> Floats:
    """Sum of squared distances over ordered pairs of m people, over m - 1; 0 for one person."""
    pairs = 2 * (m * squares - square_of_sum)
    return np.divide(pairs, m - 1, out=np.zeros_like(pairs), where=m > 1)

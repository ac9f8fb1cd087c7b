"""Where responses of a class stand in people's rankings, by group of people.

A class is anything responses can be sorted by, such as the value pole they speak for.
Rows are judgements, columns responses; class -1 marks a column where nothing was shown.
"""

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, ratio, totals


def midranks(ranks: Ints, shown: Bools) -> Floats:
    """Ranks (n, k) with the mean place for ties, nan where nothing was shown.

    ranks: any numbers that order the responses of a row, 1 = best; 0 or below = left
    unranked, which stands, tied, behind all that were ranked. (1, 2, 2, 4) becomes
    (1, 2.5, 2.5, 4), and so does (1, 2, 2, unranked). Each row sums to m (m + 1) / 2 for m
    responses shown (Kendall, 1945, Biometrika 33, 239-251).
    """
    order = np.where(ranks > 0, ranks, np.iinfo(np.int64).max)
    own, other = order[:, :, None], order[:, None, :]
    beside = shown[:, None, :]
    better = ((other < own) & beside).sum(axis=2)
    equal = ((other == own) & beside).sum(axis=2)
    return np.where(shown, better + (equal + 1) / 2, np.nan)


def mean_ranks(
    places: Floats, classes: Ints, groups: Ints, people: Ints, *, class_count: int
) -> Estimates:
    """Mean midrank of each class in each group, (groups, classes), with errors over people.

    places, classes: (n, k), midranks and class of each response; groups: (n,) group of the
    judgement's person, -1 for none; people: (n,) from 0. Unit: places, 1 = best; compare
    rows with equally many responses. Weight: each judgement counts once. The error is the
    jackknife over people (`intervals.ratio`).
    """
    group_count = int(groups.max(initial=-1)) + 1
    known = (classes >= 0) & (groups >= 0)[:, None]
    cells = np.where(known, groups[:, None] * class_count + classes, -1).ravel()
    whose = np.repeat(people, classes.shape[1])
    number, count = int(people.max(initial=-1)) + 1, group_count * class_count
    upper = totals(whose, cells, np.nan_to_num(places).ravel(), number=number, count=count)
    lower = totals(whose, cells, np.ones(cells.size), number=number, count=count)
    return _reshape(ratio(upper, lower), (group_count, class_count))


def slopes(places: Floats, covariate: Floats, groups: Ints, people: Ints) -> Estimates:
    """How steeply midranks fall with a covariate, in each group, (groups,).

    Least squares within judgements: sum of -x y over sum of x x, where x is the covariate
    minus its mean in the row. covariate: (n, k), nan where nothing was shown. Unit: places
    gained per unit of the covariate. Error: jackknife over people.
    """
    group_count, number = int(groups.max(initial=-1)) + 1, int(people.max(initial=-1)) + 1
    centred = covariate - np.nanmean(covariate, axis=1, keepdims=True)
    gained = np.nansum(-centred * places, axis=1)
    spread = np.nansum(centred * centred, axis=1)
    upper = totals(people, groups, gained, number=number, count=group_count)
    lower = totals(people, groups, spread, number=number, count=group_count)
    return ratio(upper, lower)


def _reshape(found: Estimates, shape: tuple[int, ...]) -> Estimates:
    return Estimates(
        found.value.reshape(shape), found.error.reshape(shape), found.people.reshape(shape)
    )

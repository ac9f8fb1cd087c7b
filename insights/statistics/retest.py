"""How a person judges the same set again, blind and in a new order, some time later.

This is no ceiling for a model: where everybody chooses one of two responses with probability
0.8, the same person chooses alike twice in 68 of 100, and who always predicts the likelier one
is right in 80. Nor is it what two different people do.
"""

import numpy as np

from insights.statistics.arrays import Floats, Ints


def pairs(people: Ints, sets: Ints, again_people: Ints, again_sets: Ints) -> tuple[Ints, Ints]:
    """Rows of a first and of a later judgement of the same set by the same person.

    A later one without its first is left out. A person judges a set once the first time.
    """
    wide = int(max(sets.max(initial=0), again_sets.max(initial=0))) + 1
    keys, wanted = people * wide + sets, again_people * wide + again_sets
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], wanted), max(keys.size - 1, 0))
    if not keys.size:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    first = order[place]
    found = keys[first] == wanted
    return first[found].astype(np.int64), np.flatnonzero(found).astype(np.int64)


def row_correlations(one: Floats, other: Floats) -> Floats:
    """Pearson's correlation of each two rows (n, k), nan cells left out; nan where one is flat."""
    known = ~np.isnan(one) & ~np.isnan(other)
    count = known.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(known, one - np.where(known, one, 0).sum(1, keepdims=True) / count, 0.0)
        second = np.where(known, other - np.where(known, other, 0).sum(1, keepdims=True) / count, 0)
        length = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        return np.where(length > 0, (first * second).sum(axis=1) / length, np.nan)

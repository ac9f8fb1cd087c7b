"""How alike different people judge the same set: always over pairs of two people.

Each judgement becomes a vector of length 1, and the agreement of two people is the
product of their vectors: 1 or 0 for choices (did they choose the same one?), Spearman's
coefficient for rankings. The mean over pairs needs no list of pairs:
    (|sum of vectors|^2 - m) / (m (m - 1))   for the m people of a set.
"""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, totals


@dataclass(frozen=True)
class Pairs:
    """Judgements as vectors (n, k) of length 1, with their set and person, each from 0.

    A person judges a set once. Judgements without a direction (all tied) are left out
    before: they agree with nobody and differ from nobody.
    """

    vectors: Floats
    sets: Ints
    people: Ints

    def by_set(self) -> Floats:
        """Mean agreement of two different people, (sets,); nan below two people."""
        m, square = self._sizes(np.ones(self.sets.size))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(m > 1, (square - m) / (m * (m - 1)), np.nan)

    def mean(self, groups: Ints) -> Estimates:
        """Mean over the sets of each group, (groups,), with the jackknife error over people.

        groups: (sets,) from 0, -1 for none. Sets weigh the same, whoever judged them, and
        stay as they are: the error is about other people, and the same prompts.
        """
        values = self.by_set()
        count, number = int(groups.max(initial=-1)) + 1, int(self.people.max(initial=-1)) + 1
        used = (groups >= 0) & ~np.isnan(values)
        top = np.bincount(groups[used], values[used], minlength=count)
        bottom = np.bincount(groups[used], minlength=count)
        own = np.where(used[self.sets], groups[self.sets], -1)
        change, lost = self._without(values)
        shift = totals(self.people, own, change, number=number, count=count)
        fewer = totals(self.people, own, lost, number=number, count=count)
        part = totals(self.people, own, np.ones(own.size), number=number, count=count) > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            return jackknife(top / bottom, (top + shift) / (bottom - fewer), part)

    def resampled(self, people: Floats, sets: Floats) -> Floats:
        """The mean over all sets, (1,), where people and sets count as often as drawn.

        For `intervals.pigeonhole`. A person drawn twice makes no pair with herself: naive
        resampling would add 0.08 to 0.10 to a Spearman coefficient of ten people.
        """
        weights = people[self.people]
        size, square = self._sizes(weights)
        own = np.bincount(self.sets, weights**2, minlength=size.size)
        pairs = size**2 - own
        good = pairs > 1e-9
        values = np.divide(square - own, pairs, out=np.zeros_like(pairs), where=good)
        total = (sets * good).sum()
        return np.array([(sets * good * values).sum() / total if total else np.nan])

    def _sizes(self, weights: Floats) -> tuple[Floats, Floats]:
        """By set: the weight of its people, and the squared length of the vectors' sum."""
        count = int(self.sets.max(initial=-1)) + 1
        sizes = np.bincount(self.sets, weights, minlength=count).astype(np.float64)
        return sizes, np.asarray((self._sums(weights, count) ** 2).sum(axis=1))

    def _sums(self, weights: Floats, count: int) -> Floats:
        columns = (weights * column for column in self.vectors.T)
        return np.stack([np.bincount(self.sets, c, minlength=count) for c in columns], axis=1)

    def _without(self, values: Floats) -> tuple[Floats, Floats]:
        """For each judgement: what its set's value gains without it, and whether it is lost."""
        count = values.size
        m = np.bincount(self.sets, minlength=count)[self.sets].astype(np.float64)
        rest = self._sums(np.ones(self.sets.size), count)[self.sets] - self.vectors
        square = (rest**2).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            fewer = (square - (m - 1)) / ((m - 1) * (m - 2))
        old = values[self.sets]
        change = np.where(m > 2, fewer - old, -old)
        return np.nan_to_num(change), (m == 2).astype(np.float64)


def choices(chosen: Ints, sets: Ints, people: Ints) -> Pairs:
    """Of the candidates chosen, (n,) positions in their set: the probability that two
    different people choose alike, unbiased by the number of people (Simpson, 1949, Nature
    163, 688: sum of n_c (n_c - 1) over n (n - 1))."""
    width = int(chosen.max(initial=0)) + 1
    return Pairs(np.eye(width)[chosen], sets, people)


def rankings(places: Floats, sets: Ints, people: Ints) -> Pairs:
    """Of midranks (n, k), by the candidate's position in its set: mean pairwise Spearman.

    Spearman's coefficient with ties is the correlation of midranks; without ties the mean
    over pairs is (m W - 1) / (m - 1) with Kendall's W of m people (Kendall and Babington
    Smith, 1939, Annals of Mathematical Statistics 10, 275-287). nan: not in this set.
    """
    centred = np.nan_to_num(places - np.nanmean(places, axis=1, keepdims=True))
    length = np.sqrt((centred**2).sum(axis=1))
    kept = length > 0
    return Pairs(centred[kept] / length[kept, None], sets[kept], people[kept])

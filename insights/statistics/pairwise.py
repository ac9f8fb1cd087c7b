"""Mean agreement over pairs of different people, where agreement is a ratio of products.

Two judgements agree by (v . v') / (w . w'): for choices and Spearman's coefficient v has
length 1 and w is 1; for tau-x v holds -1, 0 and 1 and w where v is not 0. A set's figure is
the sum of the upper products over the sum of the lower ones, over all its pairs of people, so
that no list of pairs is needed: sum of v . v' = (|sum of v|^2 - sum of |v|^2).

Pairs may be all, those within a group, or those between groups, such as locales. What a set
loses without one judgement is twice its products with the others, which gives the jackknife
over people in closed form.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, totals


class Which(Enum):
    """Which pairs of people of one set."""

    ALL = "all"
    WITHIN = "within the same group"
    BETWEEN = "between different groups"


@dataclass(frozen=True)
class Pairwise:
    """Judgements (n, d) and (n, e) with set, person and the person's group, each from 0.

    A person judges a set once. A group below 0 is unknown: such judgements make no pair
    within or between groups.
    """

    vectors: Floats
    weights: Floats
    sets: Ints
    people: Ints
    groups: Ints

    def by_set(self, which: Which = Which.ALL) -> Floats:
        """Each set's figure, (sets,); nan where no pair of people has anything in common."""
        upper, lower = self._sums(which)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(lower > 0, upper / lower, np.nan)

    def mean(self, parts: Ints, which: Which = Which.ALL) -> Estimates:
        """Mean over the sets of each part, (parts,), with the jackknife error over people.

        parts: (sets,) from 0, -1 for none. Sets weigh the same, whoever judged them.
        """
        count = int(parts.max(initial=-1)) + 1
        return jackknife(*self._left_out(parts, which, count))

    def gap(self, parts: Ints) -> Estimates:
        """By how much more alike people of one group are than those of different ones, (parts,).

        Over the sets that have both kinds of pairs, so that the same sets are compared; nan
        where no set of a part has both.
        """
        count = int(parts.max(initial=-1)) + 1
        both = ~np.isnan(self.by_set(Which.WITHIN)) & ~np.isnan(self.by_set(Which.BETWEEN))
        parts = np.where(both, parts, -1)
        same, same_without, part = self._left_out(parts, Which.WITHIN, count)
        other, other_without, also = self._left_out(parts, Which.BETWEEN, count)
        return jackknife(same - other, same_without - other_without, part | also)

    def _left_out(self, parts: Ints, which: Which, count: int) -> tuple[Floats, Floats, Bools]:
        """The figure (parts,), without each person (people, parts), and who takes part."""
        upper, lower = self._sums(which)
        values = np.divide(upper, lower, out=np.full(upper.size, np.nan), where=lower > 0)
        used = (parts >= 0) & ~np.isnan(values)
        number = int(self.people.max(initial=-1)) + 1
        top = np.bincount(parts[used], values[used], minlength=count)
        bottom = np.bincount(parts[used], minlength=count)
        lost_upper, lost_lower = self._lost(which)
        own = np.where(used[self.sets] & (lost_lower > 0), parts[self.sets], -1)
        rest = lower[self.sets] - lost_lower
        gone = rest <= 1e-9
        with np.errstate(divide="ignore", invalid="ignore"):
            fewer = np.where(gone, 0.0, (upper[self.sets] - lost_upper) / rest)
        change = np.nan_to_num(fewer - values[self.sets])
        size = {"number": number, "count": count}
        shift = totals(self.people, own, change, **size)
        less = totals(self.people, own, gone.astype(np.float64), **size)
        part = totals(self.people, own, np.ones(own.size), **size) > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            return top / bottom, (top + shift) / (bottom - less), part

    def _sums(self, which: Which) -> tuple[Floats, Floats]:
        """By set: the sums of upper and of lower products over ordered pairs."""
        return self._products(self.vectors, which), self._products(self.weights, which)

    def _products(self, v: Floats, which: Which) -> Floats:
        known, count = self._known(which), self._count
        square = (v**2).sum(axis=1) * known
        every = (_sums_of(v * known[:, None], self.sets, count) ** 2).sum(axis=1)
        every = every - np.bincount(self.sets, square, minlength=count)
        if which is Which.ALL:
            return np.asarray(every)
        cells, of_cell = self._cells()
        inside = (_sums_of(v * known[:, None], cells, of_cell.size) ** 2).sum(axis=1)
        inside = inside - np.bincount(cells, square, minlength=of_cell.size)
        same = np.bincount(of_cell, inside, minlength=count)
        return np.asarray(same if which is Which.WITHIN else every - same)

    def _lost(self, which: Which) -> tuple[Floats, Floats]:
        """For each judgement: what the two sums of its set lose without it."""
        return self._own(self.vectors, which), self._own(self.weights, which)

    def _own(self, v: Floats, which: Which) -> Floats:
        known = self._known(which)[:, None]
        every = _sums_of(v * known, self.sets, self._count)[self.sets]
        if which is Which.ALL:
            return np.asarray(2 * ((every - v) * v).sum(axis=1))
        cells, of_cell = self._cells()
        same = _sums_of(v * known, cells, of_cell.size)[cells]
        others = same - v if which is Which.WITHIN else every - same
        return np.asarray(2 * (others * v * known).sum(axis=1))

    def _known(self, which: Which) -> Floats:
        every = np.ones(self.groups.size)
        return every if which is Which.ALL else (self.groups >= 0).astype(np.float64)

    def _cells(self) -> tuple[Ints, Ints]:
        """Each judgement's set with its group, from 0; and the set of each such cell."""
        wide = int(self.groups.max(initial=-1)) + 2
        found, cells = np.unique(self.sets * wide + self.groups + 1, return_inverse=True)
        return cells.astype(np.int64), (found // wide).astype(np.int64)

    @property
    def _count(self) -> int:
        return int(self.sets.max(initial=-1)) + 1


def _sums_of(v: Floats, cells: Ints, count: int) -> Floats:
    """Sums of vectors by cell, (cells, d)."""
    columns = [np.bincount(cells, column, minlength=count) for column in v.T]
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))

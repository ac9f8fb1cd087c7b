"""Choices of one or more equals, stage by stage: the sums behind `plackett_luce`.

A ranking is a row of choices, each of a set C of equals from the alternatives A left:

    P(C of A)  =  f(C) / sum of f(S) over the sets S of A
    f(S)       =  delta_|S| (product of alpha_i, i of S) ^ (1 / |S|),    delta_1 = 1

(Turner, van Etten, Firth and Kosmidis, 2020, Computational Statistics 35, 1027-1057; for
pairs Davidson, 1970, JASA 65, 317-328). The logarithm of f is linear in the parameters, so
that this is a multinomial logit over sets: each set has the mean of its members' covariates
and one mark for its size. Sizes of ties that never occur have delta 0 and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.newton import sums_by_person

CHUNK = 4_000_000  # numbers of one array of (rankings, stages, sets)


@dataclass(frozen=True)
class Stages:
    """Rankings of the same width, ready to be summed at any coefficients.

    places: (n, k) 1, 2, 2, 4 of what was ranked; k + 1 of what was shown and left unranked;
    0 where nothing was shown. counted: (k,) whether choices for place 1, 2, … count.
    x: (n, k, p) covariates. sizes: of ties that occur in choices that count. Rankings that are
    the same stand here once: row_of (judgements,) says where, and times (n,) how often.
    """

    places: Ints
    counted: Bools
    x: Floats
    sizes: tuple[int, ...]
    row_of: Ints
    times: Floats

    @classmethod
    def of(
        cls, ranks: Ints, shown: Bools, covariates: Floats, counted: Bools, same: Ints | None = None
    ) -> "Stages":
        """same: (judgements,) equal only where places and covariates are."""
        places = standard_places(ranks, shown)
        sizes = sizes_of(places, counted)
        if same is None:  # nothing is copied: the covariates of a study are most of its memory
            rows = np.arange(len(ranks))
            return cls(places, counted, covariates, sizes, rows, np.ones(rows.size))
        _keys, first, row_of, times = np.unique(
            same, return_index=True, return_inverse=True, return_counts=True
        )
        return cls(
            places[first],
            counted,
            covariates[first],
            sizes,
            row_of.astype(np.int64),
            times.astype(np.float64),
        )

    @property
    def parameters(self) -> int:
        return int(self.x.shape[2]) + len(self.sizes)

    def summed(self, at: Floats) -> tuple[float, Floats, Floats]:
        """Log likelihood, gradient (p + t,) and curvature at covariates' and ties' effects."""
        value, gradient = 0.0, np.zeros(self.parameters)
        curvature = np.zeros((self.parameters, self.parameters))
        for part in self._parts():
            logs, own, spread = self._part(part, at)
            times = self.times[part]
            value += float(times @ logs)
            gradient += times @ own
            curvature += self._curvature(part, spread * times[:, None, None])
        return value, gradient, curvature

    def scores(self, at: Floats, people: Ints) -> Floats:
        """The gradient by person, (people, p + t); people: (judgements,) from 0."""
        own = np.concatenate([self._part(part, at)[1] for part in self._parts()])
        return sums_by_person(own[self.row_of], people, int(people.max(initial=-1)) + 1)

    def _parts(self) -> list[slice]:
        n, k = self.places.shape
        step = max(1, CHUNK // (k * 2 ** min(k, 12)))
        return [slice(start, start + step) for start in range(0, n, step)]

    def _part(self, part: slice, at: Floats) -> tuple[Floats, Floats, Floats]:
        """Of each ranking its log likelihood (n,), the gradient (n, p + t), and the spread of its
        choices (n, k + t, k + t)."""
        places, wide = self.places[part], self.x.shape[2]
        marks, members = sets_of(places.shape[1], self.sizes)
        utility = np.einsum("nkp,p->nk", self.x[part], at[:wide])
        logs = np.concatenate([utility, np.tile(at[wide:], (len(utility), 1))], axis=1) @ marks.T
        weight, taken, value = _stages(places, self.counted, logs, members)
        met = weight @ marks
        moved = (marks[taken] * (taken >= 0)[:, :, None] - met).sum(axis=1)
        pairs = (marks[:, :, None] * marks[:, None, :]).reshape(len(marks), -1)
        size = marks.shape[1]
        spread = (weight.sum(axis=1) @ pairs).reshape(-1, size, size)
        spread -= met.transpose(0, 2, 1) @ met
        k = places.shape[1]
        own = np.einsum("nk,nkp->np", moved[:, :k], self.x[part])
        return value, np.concatenate([own, moved[:, k:]], axis=1), spread

    def _curvature(self, part: slice, spread: Floats) -> Floats:
        x, k = self.x[part], self.places.shape[1]
        wide = x.shape[2]
        seen = spread[:, :, :k] @ x
        upper = x.reshape(-1, wide).T @ seen[:, :k].reshape(-1, wide)
        mixed = seen[:, k:].sum(axis=0)
        return np.block([[upper, mixed.T], [mixed, spread[:, k:, k:].sum(axis=0)]])


@dataclass(frozen=True)
class GroupStages:
    """Rankings of several groups, where a covariate has an effect of its own in each group, or
    one in all of them. A group's covariates are few; written as columns of all rankings, each 0
    in the others', they would be as many more as there are groups.

    groups: of each the rows of its judgements, which parameters its own stand for, and its
    rankings. parameters: of all together, covariates first, then ties of `sizes`.
    """

    groups: Sequence[tuple[Ints, Ints, Stages]]
    parameters: int
    sizes: tuple[int, ...]

    @classmethod
    def of(
        cls, ranks: Ints, shown: Bools, covariates: Floats, groups: Ints, columns: Ints
    ) -> "GroupStages":
        """columns: (groups, p) the effect of each covariate in each group; -1: left out."""
        every = np.ones(ranks.shape[1], dtype=bool)
        sizes = sizes_of(standard_places(ranks, shown), every)
        effects = int(columns.max(initial=-1)) + 1
        ties, found = effects + np.arange(len(sizes)), []
        for group, own in enumerate(columns):
            rows = np.flatnonzero(groups == group)
            x = covariates[rows][:, :, own >= 0]
            stages = replace(Stages.of(ranks[rows], shown[rows], x, every), sizes=sizes)
            found.append((rows, np.concatenate([own[own >= 0], ties]), stages))
        return cls(found, effects + len(sizes), sizes)

    def summed(self, at: Floats) -> tuple[float, Floats, Floats]:
        """As of `Stages`."""
        value, gradient = 0.0, np.zeros(self.parameters)
        curvature = np.zeros((self.parameters, self.parameters))
        for _rows, own, stages in self.groups:
            part = stages.summed(at[own])
            value += part[0]
            gradient[own] += part[1]
            curvature[np.ix_(own, own)] += part[2]
        return value, gradient, curvature

    def scores(self, at: Floats, people: Ints) -> Floats:
        found = np.zeros((int(people.max(initial=-1)) + 1, self.parameters))
        for rows, own, stages in self.groups:
            part = stages.scores(at[own], people[rows])
            found[: len(part), own] += part
        return found


def sizes_of(places: Ints, counted: Bools) -> tuple[int, ...]:
    """Sizes of ties that occur in choices that count."""
    sizes = np.zeros(places.shape[1] + 1, dtype=np.int64)
    for place in np.flatnonzero(counted) + 1:
        sizes += np.bincount((places == place).sum(axis=1), minlength=sizes.size)
    return tuple(size for size in range(2, sizes.size) if sizes[size])


def standard_places(ranks: Ints, shown: Bools) -> Ints:
    """Ranks (n, k) as 1, 2, 2, 4; left unranked k + 1; 0 where nothing was shown."""
    placed = (ranks > 0) & shown
    order = np.where(placed, ranks, np.iinfo(np.int64).max)
    better = (order[:, None, :] < order[:, :, None]) & placed[:, None, :]
    found = np.where(placed, better.sum(axis=2) + 1, ranks.shape[1] + 1)
    return np.where(shown, found, 0)


def sets_of(width: int, sizes: tuple[int, ...]) -> tuple[Floats, Floats]:
    """All sets of one member, then of each size: marks (sets, k + t) and members (sets, k)."""
    wanted = [one for size in (1, *sizes) for one in combinations(range(width), size)]
    members = np.zeros((len(wanted), width))
    for row, one in enumerate(wanted):
        members[row, list(one)] = 1.0
    count = members.sum(axis=1, keepdims=True)
    return np.concatenate([members / count, count == np.array([sizes])], axis=1), members


def _stages(
    places: Ints, counted: Bools, logs: Floats, members: Floats
) -> tuple[Floats, Ints, Floats]:
    """Of each choice that counts: probabilities (n, choices, sets), the set taken (n, choices),
    or -1 where nothing stands at the place; and the log likelihood (n,)."""
    wide = places.shape[1]
    # At the last place one response is left, and says nothing of anything.
    stage = (np.flatnonzero(counted[: max(wide - 1, 1)]) + 1)[None, :, None]
    chosen = places[:, None, :] == stage
    left = (places[:, None, :] >= stage).astype(np.float64)
    happens = chosen.any(axis=2)
    offered = (left @ members.T >= members.sum(axis=1)) & happens[:, :, None]
    top = np.full((*happens.shape, 1), -700.0)
    for one in range(len(members)):  # ten times as fast as a maximum over so short an axis
        larger = offered[:, :, one] & (logs[:, one, None] > top[:, :, 0])
        np.copyto(top[:, :, 0], logs[:, one, None], where=larger)
    weight = np.where(offered, np.exp(np.minimum(logs[:, None, :] - top, 0.0)), 0.0)
    total = np.where(happens, weight @ np.ones(len(members)), 1.0)
    names = 2 ** np.arange(wide)
    row_of = np.full(2**wide, -1)
    row_of[(members @ names).astype(np.int64)] = np.arange(len(members))
    taken = np.where(happens, row_of[chosen @ names], -1)
    own = np.take_along_axis(logs, np.maximum(taken, 0), axis=1) - top[:, :, 0]
    value = np.where(happens, own - np.log(total), 0.0).sum(axis=1)
    return weight / total[:, :, None], taken, value

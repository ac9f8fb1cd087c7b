"""Which arm's sets let a group's preferences be learnt: prediction out of sample.

A model sees what people chose from the sets of one arm, and is asked what other people
choose from the sets of other prompts, of every arm: nobody can learn what people think of
responses that they were never shown. Everything here is about the chosen response.

Two conditional logits: a common one for everybody, and for each group what it adds, both
drawn towards 0 (a normal prior; its standard deviations below), so that a group without
preferences of its own has nothing to gain from a model of its own.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, ratio, totals
from insights.statistics.newton import climb

COMMON_SD = 2.0  # units of utility
OWN_SD = 0.5
FOLDS = 4
PARTS = tuple(product(range(FOLDS), range(FOLDS)))  # of people and of prompts
BITS = float(np.log(2))


@dataclass(frozen=True)
class Choices:
    """Judgements: features x (n, k, p) of what was shown (n, k), the chosen place (n,), and
    the judgement's group (-1: none), person, prompt, set and arm, each (n,) from 0."""

    x: Floats
    shown: Bools
    chosen: Ints
    groups: Ints
    people: Ints
    prompts: Ints
    sets: Ints
    arms: Ints
    candidates: Ints  # (n, k) position in the set; -1: nothing shown

    def where(self, kept: Bools) -> "Choices":
        return Choices(*(value[kept] for value in self.__dict__.values()))

    def __len__(self) -> int:
        return int(self.chosen.size)


@dataclass(frozen=True)
class Learnt:
    """Of each trained arm and group, (arms, groups), over held-out people and prompts.

    gain: bits a choice by which a model with the group's own preferences predicts better
    than one without; all: the same beside guessing. common, own: shares of choices that the
    two predict. judgements: predicted. trained: judgements each arm's model has seen.
    """

    gain: Estimates
    all: Estimates
    common: Estimates
    own: Estimates
    judgements: Ints
    trained: int


@dataclass(frozen=True)
class Ceiling:
    """Bounds of the share of choices that anybody could predict who knew all about a group,
    (groups,): what the others' most frequent choice predicts, and what everybody's own
    most frequent choice covers. The truth lies between, nearer the lower one."""

    low: Estimates
    high: Estimates


@dataclass(frozen=True)
class Cuts:
    """Which judgements train and which are predicted, and everybody's effects as those say that
    train: the same however people are grouped.

    People and, apart, prompts are cut into FOLDS parts. parts: (2, n) of people and of prompts;
    trained: (n,) of each arm as many as the smallest arm has; common: (FOLDS, FOLDS, arms, p).
    """

    parts: Ints
    trained: Bools
    common: Floats

    @classmethod
    def of(cls, choices: Choices, *, arms: int, seed: int) -> "Cuts":
        """The same cuts for the same people, prompts and arms."""
        rng = np.random.default_rng(seed)
        parts = [
            rng.integers(FOLDS, size=int(units.max(initial=-1)) + 1)[units]
            for units in (choices.people, choices.prompts)
        ]
        trained = _equal_parts(choices, arms, rng)
        wide = choices.x.shape[2]
        found = cls(np.stack(parts), trained, np.zeros((FOLDS, FOLDS, arms, wide)))
        for arm in range(arms):
            rows = choices.where(trained & (choices.arms == arm))
            near = _fit(rows, np.zeros(rows.shown.shape), np.zeros(wide), COMMON_SD)
            for one, other in PARTS:
                seen = choices.where(found.seen(choices, one, other, arm))
                known = np.zeros(seen.shown.shape)
                found.common[one, other, arm] = _fit(seen, known, near, COMMON_SD)
        return found

    def seen(self, choices: Choices, people: int, prompts: int, arm: int) -> Bools:
        """Of an arm, neither of these people nor of these prompts."""
        others = (self.parts[0] != people) & (self.parts[1] != prompts)
        return np.asarray(others & self.trained & (choices.arms == arm))


def learn(
    choices: Choices, *, arms: int, groups: int, seed: int, cuts: Cuts | None = None
) -> Learnt:
    """Trains on each arm, and tests on all sets of people and prompts that were not seen.

    Each pair of parts is predicted by a model that saw neither, so that every judgement is
    predicted once by each arm. All arms train on equally many judgements. Errors are over the
    people predicted, given the models: another training sample would add a little. cuts: where
    they are known, of the same choices in other groups.
    """
    cuts = cuts or Cuts.of(choices, arms=arms, seed=seed)
    found = np.zeros((4, arms, len(choices)))
    for one, other in PARTS:
        test = (cuts.parts[0] == one) & (cuts.parts[1] == other)
        asked = choices.where(test)
        for arm in range(arms):
            seen = choices.where(cuts.seen(choices, one, other, arm))
            found[:, arm, test] = _predict(seen, asked, cuts.common[one, other, arm], groups)
    return _summed(found, choices, groups, int(cuts.trained.sum()) // max(arms, 1))


def ceiling(choices: Choices, *, groups: int) -> Ceiling:
    """What could be predicted at best, from sets that two or more of a group judged.

    A second answer of the same person is no such bound: a person who chooses one of two
    with probability 0.8 repeats herself 68 times of 100, and the best guess is right 80.
    """
    kept = choices.groups >= 0
    cell = np.unique(choices.sets * groups + choices.groups, return_inverse=True)[1]
    own = np.take_along_axis(choices.candidates, choices.chosen[:, None], axis=1)[:, 0]
    counts = np.zeros((int(cell.max(initial=-1)) + 1, int(choices.candidates.max(initial=0)) + 1))
    np.add.at(counts, (cell[kept], own[kept]), 1)
    size = counts.sum(axis=1)[cell]
    kept &= size > 1
    others = counts[cell]
    others[np.arange(len(choices)), own] -= 1
    best = others == others.max(axis=1, keepdims=True)
    guessed = best[np.arange(len(choices)), own] / best.sum(axis=1)
    covered = counts.max(axis=1)[cell] / np.maximum(size, 1)
    where = np.where(kept, choices.groups, -1)
    return Ceiling(
        *(_means(values, choices.people, where, count=groups) for values in (guessed, covered))
    )


def _equal_parts(choices: Choices, arms: int, rng: np.random.Generator) -> Bools:
    """Which judgements train: of each arm as many as the smallest arm has, at random."""
    sizes = np.bincount(choices.arms, minlength=arms)
    kept = np.zeros(len(choices), dtype=bool)
    for arm in range(arms):
        own = np.flatnonzero(choices.arms == arm)
        kept[rng.permutation(own)[: sizes.min()]] = True
    return kept


def _predict(seen: Choices, asked: Choices, common: Floats, groups: int) -> Floats:
    """Bits without and with the group's own part, then the share predicted, (4, m)."""
    wide = seen.x.shape[2]
    own = np.zeros((groups + 1, wide))  # the last row is of people without a group
    for group in range(groups):
        rows = seen.where(seen.groups == group)
        if len(rows):
            own[group] = _fit(rows, rows.x @ common, np.zeros(wide), OWN_SD)
    plain = asked.x @ common
    more = plain + np.einsum("nkp,np->nk", asked.x, own[asked.groups])
    told = [_told(utility, asked) for utility in (plain, more)]
    return np.stack([told[0][0], told[1][0], told[0][1], told[1][1]])


def _fit(seen: Choices, known: Floats, start: Floats, sd: float) -> Floats:
    """The most probable effects (p,) under a normal prior; known: (n, k) utilities as they are
    before. Everything is beside the chosen response, whose utility is 0 then."""
    rows, prior = np.arange(len(seen)), 1 / sd**2
    apart = seen.x - seen.x[rows, seen.chosen][:, None, :]
    flat = apart.reshape(-1, start.size)
    base = np.where(seen.shown, known - known[rows, seen.chosen][:, None], -np.inf)

    def summed(at: Floats) -> tuple[float, Floats, Floats]:
        utility = (flat @ at).reshape(base.shape) + base
        top = np.maximum.reduce(list(utility.T))[:, None]  # along so short an axis `max` is slow
        share = np.exp(utility - top)
        total = share @ np.ones((base.shape[1], 1))
        share /= total
        mean = np.einsum("nk,nkp->np", share, apart)
        curvature = (flat * share.reshape(-1, 1)).T @ flat - mean.T @ mean
        return (
            float(-(np.log(total) + top).sum() - prior * (at @ at) / 2),
            -mean.sum(axis=0) - prior * at,
            curvature + prior * np.eye(at.size),
        )

    return climb(summed, start)[0]


def _told(utility: Floats, asked: Choices) -> tuple[Floats, Floats]:
    """Bits that the choice was still worth, and whether the likeliest one was chosen (shared
    among equals), each (m,)."""
    seen = np.where(asked.shown, utility, -np.inf)
    rows = np.arange(len(asked))
    top = seen.max(axis=1, keepdims=True)
    bits = (np.log(np.exp(seen - top).sum(axis=1)) - (seen - top)[rows, asked.chosen]) / BITS
    best = seen > top - 1e-9
    return bits, best[rows, asked.chosen] / best.sum(axis=1)


def _summed(found: Floats, choices: Choices, groups: int, trained: int) -> Learnt:
    arms = found.shape[1]
    guess = np.log2(choices.shown.sum(axis=1))
    cells = np.where(choices.groups >= 0, choices.groups, -1)[None, :]
    where = np.where(cells >= 0, np.arange(arms)[:, None] * groups + cells, -1).ravel()
    whose = np.tile(choices.people, arms)

    def mean(values: Floats) -> Estimates:
        flat = _means(values.ravel(), whose, where, count=arms * groups)
        shape = (arms, groups)
        return Estimates(
            flat.value.reshape(shape), flat.error.reshape(shape), flat.people.reshape(shape)
        )

    without, own, hit_without, hit_own = found
    number = np.bincount(where[where >= 0], minlength=arms * groups)
    return Learnt(
        gain=mean(without - own),
        all=mean(guess - own),
        common=mean(hit_without),
        own=mean(hit_own),
        judgements=number.reshape(arms, groups),
        trained=trained,
    )


def _means(values: Floats, people: Ints, cells: Ints, *, count: int) -> Estimates:
    number = int(people.max(initial=-1)) + 1
    upper = totals(people, cells, values, number=number, count=count)
    lower = totals(people, cells, np.ones(values.size), number=number, count=count)
    return ratio(upper, lower)

"""The same plan judged again by the known model: what theory expects of every figure.

A figure's expected value is its mean over replays: the same people with the labels of the
table judge the same sets, with personal likings, rankings and ties drawn anew. Known
careless people stay careless. So theory holds habits, carelessness and ties, and is
compared with a figure made by the same estimator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from insights.statistics.arrays import Floats, Ints
from rehearsal.draws import draw_rankings
from rehearsal.table import Labels, Table
from rehearsal.truth import POLES, Liking, Truth


@dataclass(frozen=True)
class Replay:
    """A table and what the truth says of its rows."""

    truth: Truth
    table: Table
    liking: Floats  # (n, poles) of the row's country and groups, as the table labels them
    whose: Ints  # (n,) the row's person, counted from 0
    careless: Ints  # (n,) as in draws.py

    @classmethod
    def of(cls, truth: Truth, table: Table) -> "Replay":
        number = (table.pole >= 0).sum(axis=1)
        careless = truth.careless(int(table.person.max(initial=-1)) + 1)[table.person]
        return cls(
            truth=truth,
            table=table,
            liking=np.array(truth.poles)
            + likings(truth.countries, table.country)
            + group_liking(truth, table),
            whose=np.unique(table.person, return_inverse=True)[1],
            careless=np.minimum(careless, number - 1),
        )

    def draw(self, rng: np.random.Generator, *, reordered: bool) -> Table:
        """The table with new rankings; `reordered`: of orders drawn at random, as a balanced
        square promises on average, instead of the orders that were shown."""
        table = reorder(self.table, rng) if reordered else self.table
        people = int(self.whose.max(initial=-1)) + 1
        personal = self.truth.person_sd * rng.standard_normal((people, len(POLES)))
        likings = self.liking + personal[self.whose]
        shown = table.pole >= 0
        utilities = np.take_along_axis(likings, np.maximum(table.pole, 0), axis=1)
        utilities = utilities + self.truth.bonus(shown.shape[1])
        ranks, chosen = draw_rankings(
            np.where(shown, utilities, -np.inf), self.careless, self.truth.tie_share, rng
        )
        return replace(table, rank=ranks, chosen=chosen)


def reorder(table: Table, rng: np.random.Generator) -> Table:
    """The same candidates on the same pages, each page in a random order."""
    keys = np.where(table.pole >= 0, rng.random(table.pole.shape), 2.0)
    mixed = np.argsort(keys, axis=1)
    return replace(
        table,
        pole=np.take_along_axis(table.pole, mixed, axis=1),
        order=np.take_along_axis(table.order, mixed, axis=1),
        rank=np.take_along_axis(table.rank, mixed, axis=1),
        chosen=np.argsort(mixed, axis=1)[np.arange(len(table)), table.chosen],
    )


def group_liking(truth: Truth, table: Table) -> Floats:
    """What gender and age band alone add to each pole's utility, (n, poles)."""
    return likings(truth.genders, table.gender) + likings(truth.ages, table.age_band)


def likings(known: Mapping[str, Liking], labels: Labels) -> Floats:
    """What each row's label adds to each pole's utility, (n, poles); unknown ones nothing."""
    names, which = np.unique(labels, return_inverse=True)
    nothing = (0.0,) * len(POLES)
    rows = np.array([known.get(name, nothing) for name in names.tolist()], dtype=np.float64)
    return rows.reshape(names.size, len(POLES))[which]

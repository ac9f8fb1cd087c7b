"""What a rehearsal must notice, planted in a table of judgements."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rehearsal.table import Table
from rehearsal.truth import POLES, Truth

DEFAULT = POLES.index("")
Defect = Callable[[Truth, Table, np.random.Generator], Table]


def order_follows_source(truth: Truth, table: Table, rng: np.random.Generator) -> Table:
    """The default candidate stands first in two of three judgements, and people judge that."""
    first = (rng.random(len(table)) < 2 / 3)[:, None] & (table.pole == DEFAULT)
    mixed = np.argsort(~first, axis=1, kind="stable")
    pole, order = (np.take_along_axis(old, mixed, axis=1) for old in (table.pole, table.order))
    ranks, chosen = np.zeros_like(table.rank), np.zeros_like(table.chosen)
    people = {index: truth.person(index) for index in set(table.person.tolist())}
    for row, index in enumerate(table.person.tolist()):
        shown = [POLES[one] for one in pole[row]]
        ranked = truth.rank(people[index], shown, f"set {table.judged_set[row]}")
        ranks[row], chosen[row] = ranked.ranks, ranked.chosen
    return replace(table, pole=pole, order=order, rank=ranks, chosen=chosen)


def poles_of_one_country_are_shuffled(
    truth: Truth, table: Table, rng: np.random.Generator
) -> Table:
    """In one country each judgement's candidates carry each other's poles."""
    pole = table.pole.copy()
    own = table.country == "FR"
    pole[own] = rng.permuted(pole[own], axis=1)
    return replace(table, pole=pole)


def groups_of_one_country_are_shuffled(
    truth: Truth, table: Table, rng: np.random.Generator
) -> Table:
    """The people of one country carry each other's gender and age."""
    own = np.unique(table.person[table.country == "FR"])
    source = np.arange(int(table.person.max()) + 1)
    source[own] = rng.permutation(own)
    people, first = np.unique(table.person, return_index=True)
    row_of = np.zeros(source.size, dtype=np.int64)
    row_of[people] = first
    rows = row_of[source[table.person]]
    return replace(table, gender=table.gender[rows], age_band=table.age_band[rows])


def people_of_one_country_are_anywhere(
    truth: Truth, table: Table, rng: np.random.Generator
) -> Table:
    """The people of one country carry any country's label."""
    drawn = rng.choice(sorted(truth.countries), size=int(table.person.max()) + 1)
    return replace(
        table, country=np.where(table.country == "FR", drawn[table.person], table.country)
    )


def who_likes_the_default_leaves(truth: Truth, table: Table, rng: np.random.Generator) -> Table:
    """Drop-out that is not random: half the judgements that choose the default are missing."""
    chosen = table.pole[np.arange(len(table)), table.chosen]
    return table.where((chosen != DEFAULT) | (rng.random(len(table)) < 0.5))


def alike_candidates_take_from_each_other(
    truth: Truth, table: Table, rng: np.random.Generator
) -> Table:
    """Independence of irrelevant alternatives is violated: where two poles meet, one sinks."""
    one, other = POLES.index("traditional"), POLES.index("survival")
    meet = (table.pole == one).any(axis=1) & (table.pole == other).any(axis=1)
    sinks = meet[:, None] & (table.pole == one) & (rng.random(len(table)) < 0.5)[:, None]
    return replace(table, rank=np.where(sinks, 5, table.rank))

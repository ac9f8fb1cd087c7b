"""Judgements of a small panel, drawn from a model whose figures are known."""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Panel:
    people: Ints  # (n,)
    prompts: Ints  # (n,)
    items: Ints  # (n, k) the item in each place
    ranks: Ints  # (n, k)

    @property
    def shown(self) -> Bools:
        return np.ones(self.ranks.shape, dtype=bool)

    @property
    def chosen(self) -> Ints:
        return np.asarray(self.ranks.argmin(axis=1))


def draw_panel(
    rng: np.random.Generator,
    strengths: Floats,
    *,
    people: int,
    each: int,
    prompts: int,
    place_bonus: Floats | None = None,
    person_sd: float = 0.0,
    habit_sd: float = 0.0,
) -> Panel:
    """Plackett-Luce rankings; people differ in what they like (person_sd) and in how much
    the first place draws them (habit_sd)."""
    k = strengths.size
    whose = np.repeat(np.arange(people), each)
    which = rng.permuted(np.tile(np.arange(prompts), (people, 1)), axis=1)[:, :each].ravel()
    items = rng.permuted(np.tile(np.arange(k), (whose.size, 1)), axis=1)
    likings = strengths + person_sd * rng.standard_normal((people, k))
    utilities = np.take_along_axis(likings[whose], items, axis=1)
    if place_bonus is not None:
        utilities = utilities + place_bonus
    utilities[:, 0] += (habit_sd * rng.standard_normal(people))[whose]
    noisy = utilities + rng.gumbel(size=utilities.shape)
    ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
    return Panel(whose, which, items, ranks)

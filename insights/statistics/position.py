"""How much the place on the page decides: shares of choices by place, and order balance."""

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, ratio, totals


def choice_shares(chosen: Ints, shown: Bools, people: Ints) -> Estimates:
    """Share of judgements that chose each place on the page, (places,), errors over people.

    chosen: (n,) the chosen place from 0; shown: (n, k) whether something stood at a place:
    a place counts only where it was shown; people: (n,) from 0. Without any effect of the
    place each share is the mean of 1 / (responses shown). A binomial error would be far too
    small: people differ in their habits; this one is the jackknife over people.
    """
    number, places = int(people.max(initial=-1)) + 1, shown.shape[1]
    once = np.ones(chosen.size)
    upper = totals(people, chosen, once, number=number, count=places)
    cells = np.where(shown, np.arange(places)[None, :], -1).ravel()
    whose = np.repeat(people, places)
    lower = totals(whose, cells, np.ones(cells.size), number=number, count=places)
    return ratio(upper, lower)


def display_counts(order: Ints, sets: Ints) -> Ints:
    """How often each candidate of each set stood in each place, (sets, candidates, places).

    order: (n, k) by place on the page the candidate's position in its set, -1 for nothing;
    sets: (n,) from 0.
    """
    set_count, width = int(sets.max(initial=-1)) + 1, order.shape[1]
    counts = np.zeros((set_count, width, width), dtype=np.int64)
    rows, places = np.nonzero(order >= 0)
    np.add.at(counts, (sets[rows], order[rows, places], places), 1)
    return counts


def display_excess(order: Ints, classes: Ints) -> Floats:
    """How far each class is from standing equally often in every place, (classes, places).

    order: as above, only for what was shown; classes: (n, k). In standard deviations of
    orders drawn at random and independently, so that a balanced square stays well within
    and an order that follows the class stands out.
    """
    shown = order >= 0
    count = int(classes.max(initial=-1)) + 1
    number = shown.sum(axis=1, keepdims=True)
    excess = np.zeros((count, order.shape[1]))
    for one in range(count):
        is_one = (classes == one) & shown
        share = np.where(shown, is_one.sum(axis=1, keepdims=True) / np.maximum(number, 1), 0.0)
        spread = np.sqrt((share * (1 - share)).sum(axis=0))
        moved = is_one.sum(axis=0) - share.sum(axis=0)
        excess[one] = np.divide(moved, spread, out=np.zeros_like(spread), where=spread > 0)
    return excess

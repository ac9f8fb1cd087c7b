"""Alpha of rankings within sets: by hand, beside its relatives, and its interval."""

import numpy as np
import pytest

from insights.statistics import agreement, preference
from insights.statistics.arrays import Floats, Ints
from insights.statistics.ranking_alpha import alpha
from tests.insights.statistics.test_intervals import LEAST, REPLICATIONS


def one_set(ranks: list[list[int]]) -> float:
    given = np.array(ranks)
    places = preference.midranks(given, given >= 0)
    nobody, people = np.zeros(len(ranks), dtype=np.int64), np.arange(len(ranks))
    return float(alpha(places, nobody, people, np.zeros(1, dtype=np.int64)).value[0])


def test_equal_rankings_agree_and_opposite_ones_do_not() -> None:
    assert one_set([[1, 2, 3], [1, 2, 3]]) == pytest.approx(1)
    assert one_set([[1, 2, 3], [3, 2, 1]]) == pytest.approx(-1)


def test_neighbours_swapped_by_hand() -> None:
    """The squared distance of (1, 2, 3) and (1, 3, 2) is 2, by lot it is 3 (9 - 1) / 6 = 4."""
    assert one_set([[1, 2, 3], [1, 3, 2]]) == pytest.approx(0.5)


def test_all_tied_beside_an_order_is_half_of_lot() -> None:
    assert one_set([[1, 2, 3], [1, 1, 1]]) == pytest.approx(0.5)


def test_without_ties_it_is_the_mean_spearman_of_a_set() -> None:
    ranks = np.random.default_rng(1).permuted(np.tile([1, 2, 3, 4], (9, 1)), axis=1)
    spearman = agreement.rankings(ranks.astype(float), np.zeros(9, int), np.arange(9))
    assert one_set(ranks.tolist()) == pytest.approx(spearman.by_set()[0])


def test_rankings_by_lot_agree_as_little_as_lot() -> None:
    rng = np.random.default_rng(2)
    ranks = rng.permuted(np.tile([1, 2, 3, 4], (6000, 1)), axis=1).astype(float)
    sets, people = np.repeat(np.arange(600), 10), np.tile(np.arange(10), 600)
    found = alpha(ranks, sets, people, np.zeros(600, dtype=np.int64))
    assert abs(found.value[0]) < 0.02


def test_leaving_people_out_in_closed_form_is_leaving_them_out() -> None:
    rng = np.random.default_rng(3)
    places, sets, people = _drawn(rng, people=12, each=4, sets=10)
    parts = np.zeros(10, dtype=np.int64)
    without = [
        alpha(places[people != one], sets[people != one], people[people != one], parts).value[0]
        for one in range(12)
    ]
    expected = np.sqrt(11 / 12 * ((without - np.mean(without)) ** 2).sum())
    assert alpha(places, sets, people, parts).error[0] == pytest.approx(expected)


def test_the_interval_covers() -> None:
    rng = np.random.default_rng(4)
    parts = np.zeros(20, dtype=np.int64)
    truth = alpha(*_drawn(rng, people=6000, each=20, sets=20), parts).value[0]
    inside = []
    for _replication in range(REPLICATIONS):
        low, high = alpha(*_drawn(rng, people=50, each=8, sets=20), parts).bounds()
        inside.append(low[0] <= truth <= high[0])
    assert np.mean(inside) >= LEAST


def _drawn(
    rng: np.random.Generator, *, people: int, each: int, sets: int
) -> tuple[Floats, Ints, Ints]:
    mine = np.array([0.8, 0.2, -0.4, -0.6]) + 0.8 * rng.standard_normal((people, 4))
    whose = np.repeat(np.arange(people), each)
    which = rng.permuted(np.tile(np.arange(sets), (people, 1)), axis=1)[:, :each].ravel()
    noisy = mine[whose] + rng.gumbel(size=(whose.size, 4))
    ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
    return ranks.astype(np.float64), which.astype(np.int64), whose.astype(np.int64)

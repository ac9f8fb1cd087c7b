"""Agreement over pairs of different people: by hand, by counting pairs, without bias."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from insights.statistics import agreement, preference


def test_choosing_alike_is_the_share_of_pairs() -> None:
    # A set of four: a a b c, one pair of six; a set of two: alike; a set of one: unknown.
    chosen, sets = np.array([0, 0, 1, 2, 3, 3, 0]), np.array([0, 0, 0, 0, 1, 1, 2])
    pairs = agreement.choices(chosen, sets, np.array([0, 1, 2, 3, 0, 1, 2]))
    found = pairs.by_set()
    assert found[:2] == pytest.approx([1 / 6, 1])
    assert np.isnan(found[2])
    assert pairs.mean(np.zeros(3, dtype=np.int64)).value == pytest.approx([7 / 12])


def test_choosing_alike_is_unbiased_however_few_people() -> None:
    rng = np.random.default_rng(1)
    shares = np.array([0.5, 0.25, 0.15, 0.1])
    truth = 0.345  # the sum of squares
    for m in (2, 5, 10):
        chosen = rng.choice(4, size=4000 * m, p=shares)
        sets = np.repeat(np.arange(4000), m)
        people = np.tile(np.arange(m), 4000)
        found = agreement.choices(chosen, sets, people).by_set().mean()
        assert found == pytest.approx(truth, abs=0.02)
        plain = ((np.eye(4)[chosen].reshape(4000, m, 4).mean(axis=1)) ** 2).sum(axis=1).mean()
        assert plain > truth + 0.04  # what counting everybody with herself would say


def test_mean_pairwise_spearman_equals_the_mean_over_all_pairs_with_ties() -> None:
    ranks = np.array([[1, 2, 2, 4], [2, 1, 3, 4], [4, 3, 1, 1], [1, 1, 1, 4]])
    places = preference.midranks(ranks, np.ones((4, 4), dtype=bool))
    by_hand = np.mean([stats.spearmanr(a, b).statistic for a, b in combinations(ranks, 2)])
    found = agreement.rankings(places, np.zeros(4, dtype=np.int64), np.arange(4)).by_set()
    assert found[0] == pytest.approx(by_hand)


def test_without_ties_it_is_a_function_of_kendalls_w() -> None:
    rng = np.random.default_rng(2)
    places = np.array([1.0 + rng.permutation(4) for _person in range(7)])
    w = 12 * ((places.sum(axis=0) - 17.5) ** 2).sum() / (7**2 * (4**3 - 4))  # Kendall, 1939
    found = agreement.rankings(places, np.zeros(7, dtype=np.int64), np.arange(7)).by_set()
    assert found[0] == pytest.approx((7 * w - 1) / 6)


def test_who_ties_everything_is_left_out() -> None:
    places = np.array([[1.0, 2, 3], [1.0, 2, 3], [2.0, 2, 2]])
    pairs = agreement.rankings(places, np.zeros(3, dtype=np.int64), np.arange(3))
    assert pairs.by_set() == pytest.approx([1.0])
    assert pairs.people.tolist() == [0, 1]


def test_the_jackknife_leaves_out_one_person_at_a_time() -> None:
    """Against recomputing without each person, over sets of different sizes and groups."""
    rng = np.random.default_rng(3)
    people = np.concatenate([rng.permutation(12)[:m] for m in (2, 3, 7, 5)])
    sets = np.repeat(np.arange(4), (2, 3, 7, 5))
    chosen, groups = rng.integers(3, size=sets.size), np.array([0, 0, 1, 1])
    found = agreement.choices(chosen, sets, people).mean(groups)
    for group in (0, 1):
        without = []
        for person in np.unique(people[groups[sets] == group]):
            kept = people != person
            values = agreement.choices(chosen[kept], sets[kept], people[kept]).by_set()
            without.append(np.nanmean(values[groups[: values.size] == group]))
        spread = np.array(without) - np.mean(without)
        by_hand = np.sqrt((len(without) - 1) / len(without) * (spread**2).sum())
        assert found.error[group] == pytest.approx(by_hand)
        assert found.people[group] == len(without)


def test_a_permutation_of_people_changes_nothing_and_relabelled_candidates_neither() -> None:
    rng = np.random.default_rng(4)
    chosen, sets = rng.integers(4, size=60), np.repeat(np.arange(6), 10)
    people = np.tile(np.arange(10), 6)
    first = agreement.choices(chosen, sets, people).by_set()
    second = agreement.choices((chosen + 1) % 4, sets, 9 - people).by_set()
    assert second == pytest.approx(first)

"""Lists of sets: what chance alone would show, and what is found when it is there."""

import numpy as np
import pytest

from insights.statistics import divided
from insights.statistics.arrays import Floats, Ints
from insights.statistics.multiple import benjamini_hochberg

COUNTRIES = 5


def judgements(rng: np.random.Generator, shares: Floats, people: int) -> tuple[Ints, Ints, Ints]:
    """Choices by shares (sets, countries, k), so many people of each country a set."""
    sets, countries, width = shares.shape
    of_set = np.repeat(np.arange(sets), countries * people)
    country = np.tile(np.repeat(np.arange(countries), people), sets)
    up = shares[of_set, country].cumsum(axis=1)
    chosen = (rng.random((of_set.size, 1)) > up).sum(axis=1)
    return np.minimum(chosen, width - 1), of_set, country


def test_within_and_between_are_shares_of_pairs() -> None:
    """a a | a b: within one pair of two alike; between two of four."""
    within, between = divided.alike(
        np.array([0, 0, 0, 1]), np.zeros(4, int), np.array([0, 0, 1, 1]), count=1, width=2
    )
    assert within == pytest.approx([1 / 2])
    assert between == pytest.approx([1 / 2])


def test_without_a_difference_the_most_divided_seem_so_and_shrinkage_says_they_are_not() -> None:
    rng = np.random.default_rng(1)
    shares = np.full((100, COUNTRIES, 4), 0.25)
    found = divided.divisions(*judgements(rng, shares, 20), width=4, permutations=300, seed=1)
    top = np.sort(found.gap)[-10:]
    assert top.mean() > 0.02
    assert np.abs(found.gap_shrunk - found.gap.mean()).max() < 0.01
    assert (found.adjusted <= 0.05).sum() == 0


def test_p_values_of_sets_without_a_difference_are_uniform() -> None:
    rng = np.random.default_rng(2)
    shares = np.full((400, 3, 4), [0.4, 0.3, 0.2, 0.1])
    found = divided.divisions(*judgements(rng, shares, 15), width=4, permutations=199, seed=2)
    assert (found.p_value <= 0.05).mean() == pytest.approx(0.05, abs=0.035)
    assert found.p_value.min() >= 1 / 200


def test_planted_divisions_are_found_with_few_false_ones() -> None:
    """Ten of sixty sets: each country likes another candidate."""
    rng = np.random.default_rng(3)
    shares = np.full((60, COUNTRIES, 4), 0.25)
    for country in range(COUNTRIES):
        shares[:10, country] = 0.15
        shares[:10, country, country % 4] = 0.55
    found = divided.divisions(*judgements(rng, shares, 100), width=4, permutations=999, seed=3)
    named = np.flatnonzero(found.adjusted <= 0.05)
    assert set(range(10)) <= set(named.tolist())
    assert (named >= 10).sum() <= 2
    assert set(np.argsort(-found.gap_shrunk)[:10].tolist()) == set(range(10))


def test_false_findings_stay_below_their_share_over_many_studies() -> None:
    """Ten of forty sets differ; the mean share of false ones among findings, 200 studies."""
    rng, false = np.random.default_rng(4), []
    for _study in range(200):
        p_values = rng.random(40)
        p_values[:10] = rng.random(10) ** 8 * 0.02
        named = np.flatnonzero(benjamini_hochberg(p_values) <= 0.05)
        false.append((named >= 10).mean() if named.size else 0.0)
    assert np.mean(false) <= 0.05


def test_benjamini_and_hochbergs_own_steps() -> None:
    p_values = np.array([0.01, 0.04, np.nan, 0.03, 0.005])
    expected = [0.02, 0.04, np.nan, 0.04, 0.02]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, nan_ok=True)


def test_an_estimate_goes_half_way_to_the_mean_where_noise_and_spread_are_alike() -> None:
    rng = np.random.default_rng(5)
    true = rng.normal(0.2, 0.1, size=4000)
    seen = true + rng.normal(0, 0.1, size=4000)
    shrunk = divided.shrink(seen, np.full(4000, 0.1))
    slope = np.polyfit(seen, shrunk, 1)[0]
    assert slope == pytest.approx(0.5, abs=0.05)
    assert ((shrunk - true) ** 2).mean() < 0.6 * ((seen - true) ** 2).mean()


def test_disagreement_is_one_less_the_pairs_that_agree() -> None:
    chosen, sets = np.array([0, 0, 1, 0, 1]), np.array([0, 0, 0, 1, 1])
    value, error = divided.disagreement(chosen, sets, count=2, width=2)
    assert value[0] == pytest.approx(2 / 3)
    assert np.isnan(value[1])
    # Without each of the three: 1, 1 and 0.
    assert error[0] == pytest.approx(np.sqrt(2 / 3 * (2 / 9 + 4 / 9)))


def test_a_set_that_is_split_evenly_is_not_known_exactly() -> None:
    """Nobody alone changes its figure; another twenty people would."""
    value, error = divided.disagreement(
        np.arange(20) % 4, np.zeros(20, dtype=int), count=1, width=4
    )
    assert value == pytest.approx([15 / 19])
    drawn = np.random.default_rng(6).integers(4, size=20 * 2000)
    others = divided.disagreement(drawn, np.repeat(np.arange(2000), 20), count=2000, width=4)[0]
    assert error[0] == pytest.approx(others.std(), rel=0.15)


def test_sets_without_a_difference_in_disagreement_are_all_drawn_to_one_value() -> None:
    """Two hundred sets of one truth, 0.75: none is named the most divided for an even split."""
    rng = np.random.default_rng(1)
    drawn = rng.integers(4, size=200 * 20)
    found = divided.disagreement(drawn, np.repeat(np.arange(200), 20), count=200, width=4)
    shrunk = divided.shrink(*found)
    assert np.ptp(shrunk) < 0.01
    assert np.abs(shrunk - 0.75).max() < 0.015

"""Slopes and rates: worked by hand, and intervals that hold what was planted."""

import numpy as np
import pytest

from insights.statistics import agreement, diversity_price


def test_a_slope_within_strata_is_that_of_each_and_not_of_all_together() -> None:
    """Two languages: in each agreement falls by 1 with similarity, but the more similar
    language agrees more."""
    x = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.8])
    y = np.array([0.3, 0.2, 0.1, 0.9, 0.8, 0.7])
    strata = np.array([0, 0, 0, 1, 1, 1])
    found = diversity_price.slope(x, y, strata, np.arange(6))
    assert found.value == pytest.approx(-1)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert diversity_price.slope(x, y, np.zeros(6, dtype=int), np.arange(6)).value > 0.5


def test_sets_that_were_not_measured_or_judged_by_one_are_left_out() -> None:
    x = np.array([0.1, 0.2, np.nan, 0.4, 0.5])
    y = np.array([1.0, 2.0, 3.0, np.nan, 5.0])
    found = diversity_price.slope(x, y, np.zeros(5, dtype=int), np.arange(5))
    assert (found.sets, found.clusters) == (3, 3)
    assert found.value == pytest.approx(10)


def test_a_slope_that_hangs_on_one_prompt_has_no_interval() -> None:
    """Without it all sets are alike, if not to the last digit: there is no slope to compare."""
    rng, one = np.random.default_rng(2), np.zeros(7, dtype=np.int64)
    for _time in range(50):
        x = np.append(np.full(6, rng.random()), 2.0)
        with np.errstate(all="raise"):
            found = diversity_price.slope(x, rng.random(7), one, np.arange(7))
        assert np.isfinite(found.value)
        assert np.isnan(found.low) and np.isnan(found.high)


def test_the_interval_of_a_slope_holds_95_of_100_though_prompts_differ() -> None:
    rng = np.random.default_rng(10)
    inside: list[bool] = []
    naive: list[bool] = []
    for _replication in range(400):
        prompts = np.repeat(np.arange(40), 5)
        own = rng.standard_normal(40)
        x = 0.7 * rng.standard_normal(40)[prompts] + 0.3 * rng.standard_normal(200)
        y = 0.5 * x + own[prompts] + 0.3 * rng.standard_normal(200)
        strata = np.tile(np.arange(5), 40)
        for clusters, held in ((prompts, inside), (np.arange(200), naive)):
            found = diversity_price.slope(x, y, strata, clusters)
            held.append(found.low <= 0.5 <= found.high)
    assert 0.92 < np.mean(inside) < 0.98
    assert np.mean(naive) < 0.8


def test_agreement_of_few_people_does_not_bend_the_slope() -> None:
    """Sets of 3 and of 12 people, the more similar ones judged by fewer: the unbiased
    probability gives the planted slope; with people's pairs with themselves it would not."""
    rng = np.random.default_rng(11)
    slopes, naive = [], []
    none = np.zeros(200, dtype=int)
    for _replication in range(60):
        sets, x = np.arange(200), rng.random(200)
        truth = 0.5 + 0.3 * x  # the chance that two choose alike, of two candidates
        first = (1 + np.sqrt(2 * truth - 1)) / 2
        people = np.where(x > 0.5, 3, 12)
        whose = np.repeat(sets, people)
        chosen = (rng.random(whose.size) > first[whose]).astype(np.int64)
        pairs = agreement.choices(chosen, whose, np.arange(whose.size))
        slopes.append(diversity_price.slope(x, pairs.by_set(), none, sets).value)
        other = np.bincount(whose, chosen, minlength=200) / people
        with_herself = other**2 + (1 - other) ** 2
        naive.append(diversity_price.slope(x, with_herself, none, sets).value)
    assert np.mean(slopes) == pytest.approx(0.3, abs=0.04)
    assert np.mean(naive) > 0.35


def test_a_rate_counts_yes_and_no_and_its_price_is_the_difference() -> None:
    said = np.array([1, 1, 0, np.nan, 1, 0, 0, 0], dtype=float)
    cells = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    people = np.array([0, 1, 2, 3, 0, 1, 2, 3])
    found = diversity_price.rates(said, cells, people, count=2)
    assert found.value == pytest.approx([2 / 3, 1 / 4])
    assert found.people.tolist() == [3, 4]
    price = diversity_price.prices(
        said, cells, np.array([1, -1]), people, np.arange(8) % 4, count=2
    )
    assert price.value[0] == pytest.approx(2 / 3 - 1 / 4)
    assert np.isnan(price.value[1])


def test_the_interval_of_a_price_holds_over_other_people_and_other_prompts() -> None:
    rng = np.random.default_rng(12)
    truth = np.array([0.5, -0.3])
    # The rate of an arm over all people and prompts there are.
    far = truth + rng.standard_normal((400_000, 1)) * np.sqrt(0.8**2 * 2)
    expected = np.diff((1 / (1 + np.exp(-far))).mean(axis=0))[0]
    inside = []
    for _replication in range(300):
        people = np.repeat(np.arange(60), 20)
        prompts = rng.integers(40, size=1200)
        arm = rng.integers(2, size=1200)
        kinder = 0.8 * rng.standard_normal(60)
        # A prompt is harder in one arm than in the other: the price differs by prompt.
        harder = 0.8 * rng.standard_normal((40, 2))
        noisy = truth[arm] + kinder[people] + harder[prompts, arm] + rng.logistic(size=1200)
        price = diversity_price.prices(
            (noisy > 0).astype(float), arm, np.array([-1, 0]), people, prompts, count=2
        )
        low, high = price.bounds()
        inside.append(low[1] <= expected <= high[1])
    assert 0.91 < np.mean(inside) < 0.99

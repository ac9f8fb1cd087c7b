"""Entropy: the bias that it has, the correction, and the common number of people."""

import numpy as np
import pytest

from insights.statistics import entropy
from insights.statistics.arrays import Floats
from tests.insights.statistics.test_intervals import LEAST, REPLICATIONS


def plain_entropy(counts: Floats) -> Floats:
    """Of the observed shares, in bits: too low."""
    share = counts / counts.sum(axis=-1, keepdims=True)
    return np.asarray(-(share * np.log2(np.where(share > 0, share, 1))).sum(axis=-1))


def test_shares_of_a_half_are_one_bit() -> None:
    assert plain_entropy(np.array([5.0, 5.0, 0.0])) == pytest.approx(1)
    assert entropy.chao_shen(np.array([10.0, 0.0])) == pytest.approx(0)


def test_chao_and_shens_estimate_by_hand() -> None:
    """2, 1 and 1 of 4: coverage 1 - 2/4; shares 1/4, 1/8, 1/8 weighed by 1 - (1 - p)^4."""
    terms = [-p * np.log2(p) / (1 - (1 - p) ** 4) for p in (1 / 4, 1 / 8, 1 / 8)]
    assert entropy.chao_shen(np.array([2.0, 1.0, 1.0, 0.0])) == pytest.approx(sum(terms))


@pytest.mark.parametrize(("people", "seen"), [(5, 1.46), (10, 1.75), (15, 1.85)])
def test_what_is_seen_is_too_low_and_the_correction_is_nearer(people: int, seen: float) -> None:
    """Truth: 2.00 bits."""
    counts = np.random.default_rng(people).multinomial(people, [0.25] * 4, size=20_000)
    assert plain_entropy(counts.astype(float)).mean() == pytest.approx(seen, abs=0.01)
    assert abs(entropy.chao_shen(counts.astype(float)).mean() - 2) < (2 - seen) / 2


def test_the_common_number_is_what_nine_of_ten_sets_have() -> None:
    sets = np.repeat(np.arange(10), [4, *[12] * 8, 30])
    assert entropy.common_number(sets) == 12
    assert entropy.common_number(np.repeat(np.arange(10), 3)) == 0


def test_more_people_in_one_arm_make_it_no_more_spread() -> None:
    """Everybody chooses by lot; one half of the sets has 10 people, the other 40."""
    rng = np.random.default_rng(4)
    sizes = np.repeat([10, 40], 150)
    sets = np.repeat(np.arange(300), sizes)
    people = np.concatenate([rng.permutation(600)[:size] for size in sizes])
    found = entropy.rarefied(
        rng.integers(4, size=sets.size),
        sets,
        people,
        np.repeat([0, 1], 150),
        number=10,
        width=4,
        seed=1,
    )
    assert found.value[0] - found.value[1] == pytest.approx(
        0, abs=3 * np.hypot(*found.error.tolist())
    )
    raw = [plain_entropy(np.array([[size / 4] * 4])) for size in (10, 40)]
    assert raw[0] == raw[1]


def test_the_interval_covers_what_the_estimator_expects() -> None:
    rng = np.random.default_rng(5)
    shares = np.array([0.5, 0.25, 0.15, 0.1])
    truth = entropy.chao_shen(rng.multinomial(8, shares, size=200_000).astype(float)).mean()
    inside = []
    for _replication in range(REPLICATIONS):
        sets = np.repeat(np.arange(25), 10)
        people = np.concatenate([rng.permutation(50)[:10] for _set in range(25)])
        chosen = rng.choice(4, size=sets.size, p=shares)
        found = entropy.rarefied(chosen, sets, people, np.zeros(25, int), number=8, width=4, seed=1)
        low, high = found.bounds()
        inside.append(low[0] <= truth <= high[0])
    assert np.mean(inside) >= LEAST

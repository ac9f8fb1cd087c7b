"""Shares of the slots in Community Alignment v1.1, from the published counts of its choices."""

import numpy as np
import pytest

from insights.statistics import agreement, entropy, position
from insights.statistics.arrays import Floats
from tests.insights.statistics.test_entropy import plain_entropy

# Choices of the slots A to D, and the shares that are published beside them, in percent.
COUNTS = {
    "turn 1": ((26849, 16047, 15554, 31179), (30.0, 17.9, 17.4, 34.8)),
    "turn 2": ((31090, 17148, 14881, 20119), (37.4, 20.6, 17.9, 24.2)),
    "turn 3": ((16057, 8572, 6976, 9246), (39.3, 21.0, 17.1, 22.6)),
    "turn 4": ((7933, 3946, 3364, 4358), (40.5, 20.1, 17.2, 22.2)),
    "all": ((81929, 45713, 40775, 64902), (35.1, 19.6, 17.5, 27.8)),
}


@pytest.mark.parametrize("turns", COUNTS)
def test_the_published_shares_come_out_of_the_published_counts(turns: str) -> None:
    counts, published = COUNTS[turns]
    chosen = np.repeat(np.arange(4), counts)
    shown = np.ones((chosen.size, 4), dtype=np.bool_)
    found = position.choice_shares(chosen, shown, np.arange(chosen.size) % 3196)
    assert 100 * found.value == pytest.approx(published, abs=0.051)


def test_turns_add_up_to_the_whole() -> None:
    turns = np.sum([COUNTS[f"turn {number}"][0] for number in range(1, 5)], axis=0)
    assert turns.tolist() == list(COUNTS["all"][0])
    assert turns.sum() == 233_319


def test_of_so_many_choices_no_estimate_needs_a_correction() -> None:
    """One large set: unbiased and plain probability of choosing alike, and both entropies."""
    counts = np.array(COUNTS["all"][0], dtype=np.float64)
    chosen = np.repeat(np.arange(4), COUNTS["all"][0])
    nobody = np.zeros(chosen.size, dtype=np.int64)
    pairs = agreement.choices(chosen, nobody, np.arange(chosen.size))
    shares: Floats = counts / counts.sum()
    assert pairs.by_set()[0] == pytest.approx((shares**2).sum(), abs=1e-5)
    assert entropy.chao_shen(counts) == pytest.approx(plain_entropy(counts), abs=1e-4)

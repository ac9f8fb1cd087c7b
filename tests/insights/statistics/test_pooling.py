"""Partial pooling: a published example, known truth, and a group unlike the others."""

import numpy as np
import pytest
from scipy import integrate

from insights.statistics.pooling import pool

# Rubin (1981): effects of coaching in eight schools, and their standard errors.
EFFECTS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])


def test_eight_schools_are_drawn_together_as_an_integral_says() -> None:
    found = pool(EFFECTS, np.diag(ERRORS**2), usual_spread=np.inf)

    def parts(t: float) -> tuple[float, float, float]:
        weight = 1 / (ERRORS**2 + t**2)
        common = (weight * EFFECTS).sum() / weight.sum()
        chance = np.sqrt(weight.prod() / weight.sum()) * np.exp(
            -(weight * (EFFECTS - common) ** 2).sum() / 2
        )
        first = (EFFECTS[0] / ERRORS[0] ** 2 * t**2 + common) / (1 + t**2 / ERRORS[0] ** 2)
        return chance, common, first

    top = 12 * ERRORS.max()
    whole = integrate.quad(lambda t: parts(t)[0], 0, top, limit=200)[0]
    common = integrate.quad(lambda t: parts(t)[0] * parts(t)[1], 0, top, limit=200)[0] / whole
    first = integrate.quad(lambda t: parts(t)[0] * parts(t)[2], 0, top, limit=200)[0] / whole
    assert found.common == pytest.approx(common, abs=0.05)
    assert found.value[0] == pytest.approx(first, abs=0.1)
    # The textbook's medians (Gelman et al., Bayesian Data Analysis, 3rd edition, table 5.3),
    # of 200 draws: 10, 8, 6, 7, 5, 6, 10, 8.
    assert found.value == pytest.approx([10, 8, 6, 7, 5, 6, 10, 8], abs=1.8)


def test_groups_that_do_not_differ_become_one_and_others_stay_what_they_are() -> None:
    same = pool(np.array([0.5, 0.52, 0.48, 0.5]), np.eye(4) * 0.04)
    assert np.ptp(same.value) < 0.04
    assert same.error.max() < 0.2
    sharp = np.array([-1.0, 0.0, 1.0, 0.3])
    apart = pool(sharp, np.eye(4) * 1e-4)
    assert apart.value == pytest.approx(sharp, abs=0.01)
    assert apart.spread_low > 0.2


def test_a_shared_error_is_not_taken_for_what_groups_differ_in() -> None:
    """All groups' figures contain the same error: their differences stay exactly known."""
    figures = np.array([0.0, 0.4, 0.8])
    found = pool(figures, np.full((3, 3), 0.25) + np.eye(3) * 1e-4)
    assert np.diff(found.value) == pytest.approx([0.4, 0.4], abs=0.02)
    assert found.error.min() > 0.3


@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0])
def test_intervals_of_planted_groups_hold_95_of_100_on_average(spread: float) -> None:
    rng = np.random.default_rng(7)
    errors = np.array([0.15, 0.2, 0.25, 0.3, 0.4, 0.5])
    inside, pooled, alone = [], [], []
    for _replication in range(400):
        truth = 0.3 + spread * rng.standard_normal(6)
        figures = truth + errors * rng.standard_normal(6)
        found = pool(figures, np.diag(errors**2))
        low, high = found.bounds()
        inside.append((low <= truth) & (truth <= high))
        pooled.append((found.value - truth) ** 2)
        alone.append((figures - truth) ** 2)
    assert 0.93 < np.mean(inside) < 0.995
    assert np.mean(pooled) < np.mean(alone)

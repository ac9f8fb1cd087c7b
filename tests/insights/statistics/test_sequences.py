"""Confidence sequences hold at every look; intervals for one moment do not."""

import numpy as np
import pytest
from scipy import integrate

from insights.statistics.arrays import Floats
from insights.statistics.sequences import boundary, display_bound, mean_sequence

REPLICATIONS = 400
PEOPLE = 250


def habits(rng: np.random.Generator, people: int) -> Floats:
    """People's shares of four places over 20 judgements: each has a habit of her own."""
    likings = rng.dirichlet([3.0, 2.5, 2.3, 2.2], size=people)
    return np.array([rng.multinomial(20, liking) / 20 for liking in likings])


TRUTH = np.array([3.0, 2.5, 2.3, 2.2]) / 10


def test_a_sequence_holds_at_all_looks_together() -> None:
    """Somebody looks after every person and stops at the worst moment for us."""
    rng = np.random.default_rng(20261121)
    missed = 0
    fixed_missed = 0
    for _replication in range(REPLICATIONS):
        shares = habits(rng, PEOPLE)[:, 0]
        found = mean_sequence(shares)
        missed += bool(((found.low > TRUTH[0]) | (found.high < TRUTH[0])).any())
        count = np.arange(1, PEOPLE + 1)
        deviation = np.sqrt(np.maximum(_variances(shares), 1e-12) / count)
        outside = np.abs(found.mean - TRUTH[0]) > 1.96 * deviation
        fixed_missed += bool(outside[30:].any())
    # 5 % may be missed; of 400, more than 34 would be so with probability 0.1 %.
    assert missed <= 34
    # The same looks with intervals for one moment are wrong far more often.
    assert fixed_missed > 0.15 * REPLICATIONS


def _variances(values: Floats) -> Floats:
    count = np.arange(1, values.size + 1)
    mean = np.cumsum(values) / count
    squares = np.cumsum(values**2) / count
    return np.asarray((squares - mean**2) * count / np.maximum(count - 1, 1))


def test_it_is_narrow_enough_to_say_something() -> None:
    rng = np.random.default_rng(3)
    found = mean_sequence(habits(rng, 600))
    assert ((found.high - found.low)[-1] < 0.06).all()
    assert ((found.low[-1] <= TRUTH) & (found.high[-1] >= TRUTH)).all()


def test_it_holds_where_people_are_all_or_nothing() -> None:
    rng = np.random.default_rng(5)
    missed = 0
    for _replication in range(REPLICATIONS):
        found = mean_sequence((rng.random(200) < 0.1).astype(np.float64))
        missed += bool(((found.low > 0.1) | (found.high < 0.1)).any())
    assert missed <= 34


def test_the_boundary_is_where_the_mixture_reaches_one_in_alpha() -> None:
    """Against the integral itself, for the closed form of the paper's Proposition 9."""
    alpha, variance, rho = 0.025, 4.0, 5.0 / (2 * np.log(40) + np.log(1 + 2 * np.log(40)))
    strayed = float(boundary(np.array(variance), alpha=alpha))

    def density(share: float) -> float:
        return float((1 - share) ** (rho - 1) * np.exp(-(1 - share) * rho))

    def weighed(share: float) -> float:
        psi = -np.log1p(-share) - share
        return float(np.exp(share * strayed - variance * psi)) * density(share)

    mixed = integrate.quad(weighed, 0, 1)[0] / integrate.quad(density, 0, 1)[0]
    assert mixed == pytest.approx(1 / alpha, rel=1e-3)


def test_counts_of_random_orders_stay_within_the_bound_at_every_look() -> None:
    rng = np.random.default_rng(11)
    crossed = 0
    for _replication in range(REPLICATIONS):
        displays = np.arange(1, 2001)
        moved = np.cumsum(rng.integers(0, 4, size=2000) == 0) - displays / 4
        crossed += bool((np.abs(moved) > display_bound(displays / 4, alpha=0.05)).any())
    assert crossed <= 34

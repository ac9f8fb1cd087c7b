"""What so many people can carry: against published figures and simulated people."""

import numpy as np
import pytest

from insights.preflight.detectable import USUAL_SHARES, agreement_half_width, detectable_difference
from insights.preflight.power import power_between
from insights.statistics.arrays import Floats

# Methodology A2: shares 40 % against 20 %, found by simulation.
PUBLISHED = {10: 0.12, 30: 0.37, 50: 0.57, 100: 0.90}


def test_power_is_what_simulation_found() -> None:
    for people, power in PUBLISHED.items():
        assert power_between(0.4, 0.2, people) == pytest.approx(power, abs=0.035)


def test_the_smallest_difference_has_the_power_and_a_point_less_has_not() -> None:
    found = detectable_difference(100)
    assert found is not None
    assert found == pytest.approx(0.18, abs=0.011)
    assert power_between(0.4, 0.4 - found, 100) >= 0.8 > power_between(0.4, 0.41 - found, 100)
    assert detectable_difference(10) == pytest.approx(0.4, abs=0.05) or (
        detectable_difference(10) is None
    )
    assert detectable_difference(3) is None


def agreements(rng: np.random.Generator, people: int, times: int) -> Floats:
    """The unbiased probability that two different people choose alike, of drawn sets."""
    counts = rng.multinomial(people, USUAL_SHARES, size=times)
    found: Floats = (counts * (counts - 1)).sum(axis=1) / (people * (people - 1))
    return found


@pytest.mark.parametrize("people", [10, 100])
def test_half_widths_of_agreement_are_those_of_drawn_sets(people: int) -> None:
    drawn = agreements(np.random.default_rng(1), people, 40_000)
    assert drawn.mean() == pytest.approx(0.30, abs=0.003)
    half = agreement_half_width(people)
    assert half == pytest.approx(1.96 * drawn.std(), rel=0.03)
    of_tier = drawn[: 400 * 100].reshape(-1, 20).mean(axis=1)
    assert agreement_half_width(people, sets=20) == pytest.approx(1.96 * of_tier.std(), rel=0.06)
    assert agreement_half_width(people, effect=4) == pytest.approx(2 * half)


def test_one_person_agrees_with_nobody() -> None:
    assert agreement_half_width(1) == float("inf")

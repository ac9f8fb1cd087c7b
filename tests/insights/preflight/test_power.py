"""What a plan can show and costs: against known figures and small plans worked by hand."""

import numpy as np
import pytest

from insights.preflight.power import (
    Plan,
    PlannedLocale,
    Tier,
    bill,
    design_effect,
    power_between,
    precision,
    share_half_width,
)

CORE, TAIL = Tier("core", prompts=4, target=100), Tier("tail", prompts=20, target=10)


def plan(*people: int, each: float = 6, **more: float) -> Plan:
    locales = [PlannedLocale(count, pay=6.0, currency="EUR") for count in people]
    return Plan(locales, (CORE, TAIL), pool_conversations=each, **more)


def test_ten_people_cannot_carry_a_prompt_and_a_hundred_can() -> None:
    powers = [power_between(0.4, 0.2, people) for people in (10, 30, 50, 100)]
    assert powers == pytest.approx([0.13, 0.39, 0.60, 0.88], abs=0.005)


def test_power_is_what_drawn_samples_show_and_the_error_without_a_difference() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.binomial(50, 0.4, 20_000) / 50, rng.binomial(30, 0.2, 20_000) / 30
    pooled = (50 * one + 30 * two) / 80
    found = np.abs(one - two) > 1.96 * np.sqrt(pooled * (1 - pooled) * (1 / 50 + 1 / 30))
    assert power_between(0.4, 0.2, 50, others=30) == pytest.approx(found.mean(), abs=0.015)
    assert power_between(0.3, 0.3, 100) == pytest.approx(0.05, abs=0.01)


def test_half_widths() -> None:
    assert share_half_width(0.4, 10) == pytest.approx(0.26, abs=0.005)
    assert share_half_width(0.4, 1000) == pytest.approx(1.96 * np.sqrt(0.24 / 1000), rel=0.01)
    assert design_effect(6, 0.1) == pytest.approx(1.5)


def test_a_tier_says_in_words_what_it_cannot_carry() -> None:
    core, tail = precision(plan(100))
    assert core.power > 0.8
    assert "Say nothing" not in core.words
    assert "Say nothing about single prompts" in tail.words
    assert tail.half_width > core.half_width


def test_pay_and_hours() -> None:
    found = bill(plan(100, 50, each=2, own_conversations=1, minutes_a_conversation=10))
    assert found.hours == pytest.approx(75)
    assert found.pay == {"EUR": 900.0}
    assert "30 minutes a person, 75 hours in all; pay: 900 EUR" in found.words

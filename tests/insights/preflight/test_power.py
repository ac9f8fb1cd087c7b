"""What a plan can show and fill: against known figures and small plans worked by hand."""

import numpy as np
import pytest

from insights.preflight.power import (
    LocalePlan,
    Plan,
    Tier,
    bill,
    capacity,
    country_half_width,
    design_effect,
    hourly_pay,
    power_between,
    precision,
    share_half_width,
)

CORE, TAIL = Tier("core", prompts=4, target=100), Tier("tail", prompts=20, target=10)


def plan(*people: int, each: float = 6, **more: float) -> Plan:
    locales = [
        LocalePlan(f"L{number}", count, pay=6.0, currency="EUR", people_a_day=10)
        for number, count in enumerate(people)
    ]
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
    # 80 people, 6 judgements: 1.118 * sqrt(1.5 / 480) times t(79).
    half = country_half_width(plan(80, lost=0.0), 80, deviation=1.118)
    assert half == pytest.approx(1.9905 * 1.118 * np.sqrt(1.5 / 480), rel=1e-3)
    assert country_half_width(plan(1), 1, deviation=1.118) == float("inf")


def test_a_tier_says_in_words_what_it_cannot_carry() -> None:
    core, tail = precision(plan(100))
    assert core.power > 0.8
    assert "Say nothing" not in core.words
    assert "Say nothing about single prompts" in tail.words
    assert tail.half_width > core.half_width


def test_the_locale_that_cannot_fill_is_named_with_what_it_needs() -> None:
    # 4 * 100 + 20 * 10 = 600 places; 5 judgements a person: 120 people.
    fills, short, thin = capacity(plan(150, 110, 60, each=5, lost=0.0))
    assert (fills.fills, short.fills, thin.fills) == (True, False, False)
    assert fills.wanted == 600
    assert "150 to spare" in fills.words
    assert "L1" in short.words
    assert "needs 120 people, 10 more" in short.words
    assert "100 different people" in thin.words


def test_nobody_meets_a_prompt_twice_so_more_conversations_than_prompts_fill_nothing() -> None:
    few = Plan([LocalePlan("L", 50)], [Tier("all", 4, 60, arms=2)], 26, lost=0.0)
    (found,) = capacity(few)
    assert found.available == 200
    assert not found.fills
    assert "120 different people" in found.words


def test_pay_hours_and_days() -> None:
    found = bill(plan(100, 50, each=2, own_conversations=1, minutes_a_conversation=10))
    assert found.hours == pytest.approx(75)
    assert found.pay == {"EUR": 900.0}
    assert found.days == {"L0": 10.0, "L1": 5.0}
    assert "L0 closes last, after 10 days" in found.words
    one = plan(100, each=2, own_conversations=1, minutes_a_conversation=10)
    assert hourly_pay(one, one.locales[0]) == pytest.approx(12.0)

"""Forecasts against values worked out by hand, and against chance itself."""

from math import exp, log

import numpy as np
import pytest

from insights.statistics.forecast import forecast, hourly, people_for


def test_one_lacking_after_one_who_came_reaches_from_a_19th_to_19_times_the_window() -> None:
    found = forecast(lacking=1, came=1, days=7)
    assert found is not None
    assert found.days == 7
    assert found.earliest == pytest.approx(7 / 19)
    assert found.latest == pytest.approx(7 * 19)


@pytest.mark.parametrize("came", [2, 7, 70])
def test_for_one_lacking_the_interval_is_a_root_of_the_tail(came: int) -> None:
    # P(T / w > x) = (1 / (1 + x)) ** k
    found = forecast(lacking=1, came=came, days=7)
    assert found is not None
    assert found.days == pytest.approx(7 / came)
    assert found.earliest == pytest.approx(7 * (exp(-log(0.95) / came) - 1))
    assert found.latest == pytest.approx(7 * (exp(-log(0.05) / came) - 1))


def test_seven_a_week_fill_one_place_within_four_days() -> None:
    found = forecast(lacking=1, came=7, days=7)
    assert found is not None
    assert (round(found.earliest, 3), round(found.days, 3), round(found.latest, 3)) == (
        0.051, 1.0, 3.739,
    )  # fmt: skip


def test_many_who_come_make_the_interval_narrow() -> None:
    # log(T / w) is about normal with variance 1/700 + 1/700: a factor of exp(1.645 * 0.0535)
    found = forecast(lacking=700, came=700, days=7)
    assert found is not None
    assert found.earliest == pytest.approx(7 * exp(-0.0879), rel=0.003)
    assert found.latest == pytest.approx(7 * exp(0.0879), rel=0.003)


def test_nobody_came_means_no_forecast_and_nothing_lacking_means_now() -> None:
    assert forecast(lacking=3, came=0, days=7) is None
    for lacking in (0, -2):
        found = forecast(lacking=lacking, came=0, days=7)
        assert found is not None
        assert found.days == found.earliest == found.latest == 0


def test_nine_of_ten_intervals_hold_the_true_day() -> None:
    draw = np.random.default_rng(7)
    held = tried = 0
    for _study in range(1500):
        came = int(draw.poisson(4 * 7))  # four people a day, of whom the forecast knows nothing
        found = forecast(lacking=40, came=came, days=7)
        if found:
            tried += 1
            held += found.earliest <= draw.gamma(40) / 4 <= found.latest
    assert 0.87 < held / tried < 0.93


def test_judgements_are_brought_by_people() -> None:
    assert people_for(judgements=10, done=20, people=8) == 4
    assert people_for(judgements=11, done=20, people=8) == 5
    assert people_for(judgements=10, done=0, people=0) == 0


def test_an_hour_pays_the_pay_by_the_median_hours() -> None:
    assert hourly(5.5, 30) == 11
    assert hourly(5.5, 0) is None

"""When something that people fill will be full: pure functions over numbers.

People come at random, at an unknown but steady rate. Of k who came in w days we know that
much about the rate; the time T until r more have come then has the distribution

    T / w  =  Gamma(r) / Gamma(k),    so that    P(T / w <= x) = I_{x / (1 + x)}(r, k)

with I the regularised incomplete beta function. Both the chance in who comes and what k
people do not tell of the rate are in it: with k = r = 1 the middle 90 % reach from w / 19 to
19 w. What it cannot know is that recruiting is turned up, stopped, or has days off.
"""

from dataclasses import dataclass
from math import ceil

SURE = 0.9  # the share of such forecasts whose interval holds the true day


@dataclass(frozen=True)
class Forecast:
    """Days from now: expected, and the interval that holds the true day 9 times of 10."""

    days: float
    earliest: float
    latest: float


def forecast(*, lacking: int, came: int, days: float, sure: float = SURE) -> Forecast | None:
    """When `lacking` more will have come, where `came` did in the last days; None: nobody did."""
    if lacking <= 0:
        return Forecast(0.0, 0.0, 0.0)
    if came <= 0 or days <= 0:
        return None
    tail = (1 - sure) / 2
    return Forecast(
        days=days * lacking / came,
        earliest=days * _ratio(tail, lacking, came),
        latest=days * _ratio(1 - tail, lacking, came),
    )


def _ratio(probability: float, lacking: int, came: int) -> float:
    """The quantile of Gamma(lacking) / Gamma(came)."""
    from scipy.special import betaincinv  # half a second that no annotator's page waits for

    share = float(betaincinv(lacking, came, probability))
    return share / (1 - share)


def people_for(*, judgements: int, done: int, people: int) -> int:
    """How many people the lacking judgements need, if each brings as many as the latest did."""
    return ceil(judgements * people / done) if done else 0


def hourly(pay: float, median_minutes: float) -> float | None:
    """What an hour pays; None where no time was measured."""
    return 60 * pay / median_minutes if median_minutes > 0 else None

"""What so many people can carry: the difference that shows, and how wide an agreement is known.

Plain arithmetic, beside `power.py`, for the page that is read before anybody is
invited.
"""

from collections.abc import Sequence
from math import sqrt

from scipy import stats

from insights.preflight.power import power_between

# Of four responses, as unequal as choices among four often are: agreement 0.30, chance 0.25.
USUAL_SHARES = (0.4, 0.3, 0.2, 0.1)
STEP = 0.01


def detectable_difference(people: int, *, share: float = 0.4, power: float = 0.8) -> float | None:
    """The smallest difference, in whole points, from a share to a lower one in another country
    that so many people in each find with this power; None: not even the largest."""
    for points in range(1, round(share / STEP) + 1):
        difference = points * STEP
        if power_between(share, max(0.0, share - difference), people) >= power:
            return difference
    return None


def agreement_half_width(
    people: int,
    *,
    sets: int = 1,
    effect: float = 1.0,
    shares: Sequence[float] = USUAL_SHARES,
    level: float = 0.95,
) -> float:
    """Half the interval of the probability that two different people choose alike.

    people: distinct judges of each set; sets: over how many the figure is the mean; effect: the
    design effect of people who judge several. `shares`: of the choices, as assumed. The variance
    of the unbiased estimator is that of a U-statistic of degree 2 (Hoeffding, 1948):
    2 (2 (n - 2) z1 + z2) / (n (n - 1)) with z1 = sum p^3 - (sum p^2)^2, z2 = sum p^2 - (sum p^2)^2.
    """
    if people < 2:
        return float("inf")
    square, cube = sum(p**2 for p in shares), sum(p**3 for p in shares)
    first, second = cube - square**2, square - square**2
    variance = 2 * (2 * (people - 2) * first + second) / (people * (people - 1))
    z = float(stats.norm.ppf(0.5 + level / 2))
    return z * sqrt(variance * effect / max(1, sets))

"""Groups partially pooled: each group's figure drawn towards what all groups have in common.

    figures   y = b + error,      error ~ N(0, V)     (V: their covariance, known)
    groups    b_g ~ N(m, t^2),    m flat, t half-normal

The restricted likelihood of t is not maximised but averaged over (Rubin, 1981, Journal of
Educational Statistics 6, 377-401; Gelman, 2006, Bayesian Analysis 1, 515-534): with the
five or six groups of a study its maximum is often 0, and intervals made there are too short.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from insights.statistics.arrays import Floats

# Countries that differ by two units of utility (odds of 7 to 1) would be a surprise.
USUAL_SPREAD = 1.0
GRID = 400


@dataclass(frozen=True)
class Pooled:
    """Shrunken figures of groups (g,), their covariance (g, g); what all share; and how much
    groups differ: mean and 95 % bounds of t."""

    value: Floats
    covariance: Floats
    common: float
    common_error: float
    spread: float
    spread_low: float
    spread_high: float

    @property
    def error(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    def bounds(self, level: float = 0.95) -> tuple[Floats, Floats]:
        half = stats.norm.ppf(0.5 + level / 2) * self.error
        return self.value - half, self.value + half


def pool(figures: Floats, covariance: Floats, *, usual_spread: float = USUAL_SPREAD) -> Pooled:
    """Partially pools one figure of several groups.

    figures: (g,), two or more; covariance: (g, g), such as a fit's block of one coefficient
    in every group; usual_spread: the half-normal's scale in the figures' unit, infinite for
    a flat one (three groups or more). Intervals hold on average over groups like these, not
    for each group by itself: a group unlike all others is drawn in too far.
    """
    values, axes = np.linalg.eigh(covariance)
    sd = np.sqrt(max(float(np.diag(covariance).max()), float(figures.var())))
    most = 12 * sd if np.isinf(usual_spread) else min(12 * sd, 5 * usual_spread)
    # Even steps of t itself: its prior is a density over t.
    grid = (np.arange(GRID) + 0.5) / GRID * most
    seen, ones = axes.T @ figures, axes.T @ np.ones(figures.size)
    weight = 1 / (np.maximum(values, 0.0)[None, :] + (grid**2)[:, None])
    sure = weight @ ones**2
    common = (weight @ (ones * seen)) / sure
    apart = seen[None, :] - common[:, None] * ones[None, :]
    logs = 0.5 * (np.log(weight).sum(axis=1) - np.log(sure) - (weight * apart**2).sum(axis=1))
    logs = logs - 0.5 * (grid / usual_spread) ** 2
    chance = np.exp(logs - logs.max())
    chance = chance / chance.sum()
    means, spreads = _given((grid**2)[:, None], weight, seen, ones)
    value = chance @ means
    beyond = means - value
    inner = np.einsum("t,tij->ij", chance, spreads) + np.einsum(
        "t,ti,tj->ij", chance, beyond, beyond
    )
    middle = float(chance @ common)
    below = np.cumsum(chance)
    return Pooled(
        value=np.asarray(axes @ value),
        covariance=np.asarray(axes @ inner @ axes.T),
        common=middle,
        common_error=float(np.sqrt(chance @ (1 / sure + (common - middle) ** 2))),
        spread=float(chance @ grid),
        spread_low=float(grid[np.searchsorted(below, 0.025)]),
        spread_high=float(grid[min(np.searchsorted(below, 0.975), GRID - 1)]),
    )


def _given(square: Floats, weight: Floats, seen: Floats, ones: Floats) -> tuple[Floats, Floats]:
    """For each t the groups' means (t, g) and covariances (t, g, g), along the axes."""
    sure = (weight @ ones**2)[:, None]
    common = (weight @ (ones * seen))[:, None] / sure
    kept = square * weight
    fallen = (1 - kept) * ones
    means = kept * seen + fallen * common
    own = square * (1 - kept)
    both = fallen[:, :, None] * fallen[:, None, :] / sure[:, :, None]
    return means, own[:, :, None] * np.eye(seen.size) + both

"""Several figures at once: levels and p-values that hold for the whole family."""

import numpy as np

from insights.statistics.arrays import Floats


def bonferroni_level(checks: int, family: float = 0.99) -> float:
    """The level of each of so many intervals such that all hold together at `family`, whatever
    their dependence, by Bonferroni's inequality."""
    return float(1 - (1 - family) / max(checks, 1))


def benjamini_hochberg(p_values: Floats) -> Floats:
    """Adjusted p-values, (n,), of the step-up rule that bounds the share of false findings.

    Those at or below 0.05 hold together with at most 5 % false ones among them on average,
    for independent tests and for positively dependent ones (Benjamini and Hochberg, 1995,
    JRSS B 57, 289-300). nan stays nan and counts for nothing.
    """
    adjusted = np.full(p_values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    if not known.size:
        return adjusted
    order = known[np.argsort(p_values[known], kind="stable")]
    steps = p_values[order] * order.size / np.arange(1, order.size + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted

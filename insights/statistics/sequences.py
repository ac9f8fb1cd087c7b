"""Confidence sequences: intervals that hold at every moment, however often somebody looks.

An interval of 95 % holds at one planned moment. Who looks every day, and acts when a bound is
crossed, is wrong far more often. A confidence sequence holds at all moments together with the
stated probability (Howard, Ramdas, McAuliffe and Sekhon, 2021, Time-uniform, nonparametric,
nonasymptotic confidence sequences, Annals of Statistics 49, 1055-1080).
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from insights.statistics.arrays import Floats

# The variance sum for which the sequence is made as narrow as it can be. It is valid at any.
TUNED_FOR = 5.0
BISECTIONS = 60


@dataclass(frozen=True)
class Sequence:
    """Means after each of n values, and the bounds that hold for all n together; (n, ...)."""

    mean: Floats
    low: Floats
    high: Floats


def mean_sequence(values: Floats, *, level: float = 0.95) -> Sequence:
    """The mean of independent people's values, each from 0 to 1, in the order they came.

    values: (n, ...), one row a person; columns are figures of their own. Empirical-Bernstein
    (Theorem 4 of the paper): with a prediction p_i made before x_i is seen, here the mean of
    those before, half a person at 1/2 included, the mean of n lies within u(V) / n of the true
    one at every n, V the sum of (x_i - p_i)^2 and u the boundary below. Nothing is assumed of
    the distribution within a person or of people; the true mean may even move, and is then the
    mean of the moving one.
    """
    count = np.arange(1, values.shape[0] + 1).reshape(-1, *[1] * (values.ndim - 1))
    total = np.cumsum(values, axis=0)
    before = (total - values + 0.5) / count
    spread = np.cumsum((values - before) ** 2, axis=0)
    half = boundary(spread, alpha=(1 - level) / 2) / count
    mean = total / count
    return Sequence(mean, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1))


def boundary(variance: Floats, *, alpha: float, tuned_for: float = TUNED_FOR) -> Floats:
    """u(v): how far a sum of values of range 1 strays above its mean with probability alpha at
    any time, where its variance sum is v: the gamma-exponential mixture (Proposition 9), the s
    at which the mixture's martingale reaches 1 / alpha."""
    rho = tuned_for / (2 * np.log(1 / alpha) + np.log(1 + 2 * np.log(1 / alpha)))
    low = np.zeros_like(variance, dtype=np.float64)
    high = np.full_like(low, 20.0 - np.log(alpha)) + 10 * np.sqrt(variance + 1)
    for _step in range(BISECTIONS):
        middle = (low + high) / 2
        above = _log_mixture(middle, variance, rho) > -np.log(alpha)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(high)


def _log_mixture(strayed: Floats, variance: Floats, rho: float) -> Floats:
    """log m(s, v) for scale 1: the integral over l from 0 to 1 of exp(l s - v psi(l)), where
    psi(l) = -log(1 - l) - l, with a gamma density of parameter rho in 1 - l, cut at 1."""
    shape, rate = variance + rho, strayed + variance + rho
    unmixed = rho * np.log(rho) - special.gammaln(rho) - np.log(special.gammainc(rho, rho))
    mixed = special.gammaln(shape) + np.log(special.gammainc(shape, rate)) - shape * np.log(rate)
    return np.asarray(unmixed + mixed + strayed + variance)


def display_bound(variance: Floats, *, alpha: float, tuned_for: float = 500.0) -> Floats:
    """How far a count strays from its expectation either way with probability alpha at any
    time, if each order is drawn at random: (...), of sums of a quarter a display.

    The two-sided normal mixture for values of range 1, sub-Gaussian with a quarter each
    (Hoeffding; equation 14 of the paper).
    """
    rho = tuned_for / (2 * np.log(1 / alpha) + np.log(1 + 2 * np.log(1 / alpha)))
    grown = variance + rho
    return np.asarray(np.sqrt(grown * np.log(grown / (rho * alpha**2))))

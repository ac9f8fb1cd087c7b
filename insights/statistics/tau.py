"""Tau-x: how alike two rankings are, with ties as they are meant and gaps left out.

Emond and Mason (2002), Journal of Multi-Criteria Decision Analysis 11, 17-28: unlike
Kendall's tau-b, a tie that both people made is agreement. Of two candidates, only those are
compared that a person ranked: left unranked and not offered say nothing about their order.
"""

import numpy as np

from insights.statistics.arrays import Floats, Ints


def scores(ranks: Ints) -> Floats:
    """Of rankings (n, k), for each ordered pair of candidates: 1 ranked ahead of or tied with
    the other, -1 behind it, 0 where either has no rank; (n, k (k - 1))."""
    first, second = np.nonzero(~np.eye(ranks.shape[1], dtype=bool))
    one, other = ranks[:, first], ranks[:, second]
    signs = np.where(one <= other, 1.0, -1.0)
    return np.where((one > 0) & (other > 0), signs, 0.0)


def tau_x(ranks: Ints, others: Ints) -> Floats:
    """Tau-x of rankings (n, k), row by row, over the candidates that both ranked; nan where
    they have no pair in common."""
    one, other = scores(ranks), scores(others)
    common = (np.abs(one) * np.abs(other)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(common > 0, (one * other).sum(axis=1) / common, np.nan)

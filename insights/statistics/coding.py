"""What two coders read in the same texts: how far they agree, and how often each theme occurs.

Rows are texts, columns themes; a text may have several themes or none.
"""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, ratio, totals


@dataclass(frozen=True)
class Agreed:
    """Of each theme (t,): Cohen's kappa and the share of texts that have it; of all themes
    together Krippendorff's alpha (one figure). Errors over the people who wrote."""

    kappa: Estimates
    share: Estimates
    alpha: Estimates


def agreed(one: Bools, other: Bools, people: Ints) -> Agreed:
    """Two coders' marks (n, t), and who wrote each text (n,) from 0.

    kappa = (p - e) / (1 - e): p the share of texts on which both say the same of a theme, e
    that of coders who set as many marks at random (Cohen, 1960, Educational and Psychological
    Measurement 20, 37-46); nan where a theme occurs nowhere or everywhere.
    alpha = 1 - observed / expected disagreement, both summed over themes, the expected one
    without pairs of a mark with itself (Krippendorff, 2011). share: a text counts half where
    only one coder sees the theme.
    """
    number = int(people.max(initial=-1)) + 1
    themes = one.shape[1]
    kinds = np.stack([one & other, one & ~other, ~one & other, ~one & ~other], axis=2)
    where = np.tile(np.arange(themes * 4), len(one))
    sums = totals(
        np.repeat(people, themes * 4),
        where,
        kinds.reshape(-1).astype(np.float64),
        number=number,
        count=themes * 4,
    ).reshape(number, themes, 4)
    whole, part = sums.sum(axis=0), sums.sum(axis=2) > 0
    rest = whole - sums
    half = sums[:, :, 0] + (sums[:, :, 1] + sums[:, :, 2]) / 2
    return Agreed(
        kappa=jackknife(_kappa(whole), _kappa(rest), part),
        share=ratio(half, sums.sum(axis=2)),
        alpha=jackknife(_alpha(whole), _alpha(rest), part.any(axis=1)),
    )


def _kappa(cells: Floats) -> Floats:
    """From both, first, second, neither (..., 4)."""
    n = cells.sum(axis=-1)
    both, first, second, neither = np.moveaxis(cells, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        same = (both + neither) / n
        chance = ((both + first) * (both + second) + (neither + second) * (neither + first)) / n**2
        return np.asarray((same - chance) / (1 - chance))


def _alpha(cells: Floats) -> Floats:
    """From (..., themes, 4) over all themes."""
    marks = 2 * cells[..., 0] + cells[..., 1] + cells[..., 2]
    values = 2 * cells.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (2 * (cells[..., 1] + cells[..., 2]) / values).sum(axis=-1)
        expected = (2 * marks * (values - marks) / (values * (values - 1))).sum(axis=-1)
        return np.asarray(1 - observed / expected)

"""Which sets divide people, and which divide countries that are united within themselves.

For one set alone ten people say nothing: of 500 prompts without any difference the twenty
"most divided" would average a total variation of 0.58. Hence lists are of core sets only, with
a permutation test for each, the share of false findings bounded over all of them, and every
estimate drawn towards the mean of all sets by as much as it is noise.
"""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Floats, Ints
from insights.statistics.multiple import benjamini_hochberg


@dataclass(frozen=True)
class Divisions:
    """One entry per stimulus (s,). Probabilities that two different people choose alike."""

    people: Ints
    groups: Ints  # how many countries judged it
    within: Floats  # of one country, mean over pairs
    between: Floats  # of different countries
    gap: Floats  # within less between
    gap_shrunk: Floats
    p_value: Floats
    adjusted: Floats  # by Benjamini and Hochberg, over all of them


def divisions(
    chosen: Ints, sets: Ints, groups: Ints, *, width: int, permutations: int = 2000, seed: int
) -> Divisions:
    """Judgements (n,) of stimuli `sets` by people of `groups`, each from 0; one row a person.

    The test permutes the groups among the people of a stimulus: without any difference
    between countries every arrangement is as likely. p = (1 + arrangements with at least as
    large a gap) / (1 + permutations), never 0 (Phipson and Smyth, 2010, Stat. Appl. Genet. Mol.
    Biol. 9, 39). Arrangements also give the gap's noise, by which it is shrunk: an empirical
    Bayes estimate under a normal model, gap ~ N(true, noise^2), true ~ N(mean, spread^2), with
    both of the latter fitted by moments over all stimuli (Morris, 1983, JASA 78, 47-55).
    """
    rng = np.random.default_rng(seed)
    count = int(sets.max(initial=-1)) + 1
    order = np.argsort(sets, kind="stable")
    chosen, sets, groups = chosen[order], sets[order], groups[order]
    within, between = alike(chosen, sets, groups, count=count, width=width)
    gap = within - between
    above, total, square = np.ones(count), np.zeros(count), np.zeros(count)
    for _time in range(permutations):
        moved = groups[np.lexsort((rng.random(sets.size), sets))]
        drawn = np.subtract(*alike(chosen, sets, moved, count=count, width=width))
        above += drawn >= gap - 1e-12
        total, square = total + drawn, square + drawn**2
    noise = np.sqrt(np.maximum(square / permutations - (total / permutations) ** 2, 0))
    p_value = np.where(np.isnan(gap), np.nan, above / (1 + permutations))
    pairs = np.unique(np.stack([sets, groups]), axis=1)[0]
    return Divisions(
        people=np.bincount(sets, minlength=count),
        groups=np.bincount(pairs, minlength=count),
        within=within,
        between=between,
        gap=gap,
        gap_shrunk=shrink(gap, noise),
        p_value=p_value,
        adjusted=benjamini_hochberg(p_value),
    )


def alike(
    chosen: Ints, sets: Ints, groups: Ints, *, count: int, width: int
) -> tuple[Floats, Floats]:
    """By stimulus: the probability that two people of one group, and of two groups, choose
    alike, over pairs; nan where there is no such pair."""
    wide = int(groups.max(initial=0)) + 1
    flat = (sets * wide + groups) * width + chosen
    cells = np.bincount(flat, minlength=count * wide * width).reshape(count, wide, width)
    sizes, totals = cells.sum(axis=2), cells.sum(axis=1)
    same = (cells * (cells - 1)).sum(axis=(1, 2))
    same_pairs = (sizes * (sizes - 1)).sum(axis=1)
    everybody = totals.sum(axis=1)
    every = (totals * (totals - 1)).sum(axis=1)
    every_pairs = everybody * (everybody - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(same_pairs > 0, same / same_pairs, np.nan)
        others = every_pairs - same_pairs
        return within, np.where(others > 0, (every - same) / others, np.nan)


def shrink(values: Floats, noise: Floats) -> Floats:
    """Each value drawn towards the mean of all, the more the larger its noise is beside the
    spread of the true ones; (n,). All are the mean where nothing but noise is seen.

    Empirical Bayes for normal values with known standard deviations, with the method of
    moments for the spread (DerSimonian and Laird, 1986, Controlled Clinical Trials 7, 177-188).
    """
    known = np.isfinite(values) & (noise > 0)
    shrunk = np.where(np.isfinite(values), values, np.nan)
    if known.sum() < 3:
        return shrunk
    weight = 1 / noise[known] ** 2
    middle = (weight * values[known]).sum() / weight.sum()
    excess = (weight * (values[known] - middle) ** 2).sum() - (known.sum() - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    spread = max(0.0, float(excess / scale))
    weight = 1 / (noise[known] ** 2 + spread)
    middle = (weight * values[known]).sum() / weight.sum()
    kept = spread / (spread + noise[known] ** 2)
    shrunk[known] = middle + kept * (values[known] - middle)
    return shrunk


def disagreement(chosen: Ints, sets: Ints, *, count: int, width: int) -> tuple[Floats, Floats]:
    """By set: the probability that two people choose differently, and its standard error by
    the jackknife over its people; nan below three people.

    The jackknife sees only what one person changes, which is nothing where all candidates are
    chosen equally often, as in the most divided sets. It is never taken below what pairs of
    people add: the second part of the U-statistic's variance, 2 (sum p^2 - (sum p^2)^2) /
    (n (n - 1)) (Hoeffding, 1948, Annals of Mathematical Statistics 19, 293-325).
    """
    counts = np.zeros((count, width))
    np.add.at(counts, (sets, chosen), 1)
    n = counts.sum(axis=1)
    pairs = (counts * (counts - 1)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 1 - pairs / (n * (n - 1))
        without = 1 - (pairs[:, None] - 2 * (counts - 1)) / ((n - 1) * (n - 2))[:, None]
        middle = (counts * without).sum(axis=1) / n
        spread = (counts * (without - middle[:, None]) ** 2).sum(axis=1)
        alike = ((counts / n[:, None]) ** 2).sum(axis=1)
        of_pairs = 2 * (alike - alike**2) / (n * (n - 1))
        error = np.sqrt(np.maximum((n - 1) / n * spread, of_pairs))
    few = n < 3
    return np.where(few, np.nan, value), np.where(few, np.nan, error)

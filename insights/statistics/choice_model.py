"""The exploded conditional logit: what rankings say of places, classes and groups at once.

A ranking is a row of choices, each among what is left (Luce 1959; Plackett 1975; Beggs,
Cardell and Hausman, 1981, Journal of Econometrics 17, 1-19). Left unranked = never chosen,
but among what every choice was made from. Ties by Efron's rule (1977, JASA 72, 557-565;
for rankings Allison and Christakis, 1994, Sociological Methodology 24, 199-228): while d
tied ones are placed one after the other, each weighs what is left of the d on average.
"""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.newton import NotIdentifiedError, climb, clustered, influence

__all__ = [
    "Fit",
    "NotIdentifiedError",
    "class_covariates",
    "fit",
    "place_covariates",
    "strengths",
]

# A product of so few numbers stays in one thread of BLAS: on a busy machine its threads
# wait for each other far longer than they help. It keeps memory small, too.
SINGLE_THREADED = 250_000


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), their covariance (p, p) clustered by person, and how many people."""

    coefficients: Floats
    covariance: Floats
    people: int
    log_likelihood: float

    @property
    def errors(self) -> Floats:
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def fit(
    ranks: Ints, shown: Bools, covariates: Floats, people: Ints, start: Floats | None = None
) -> Fit:
    """Maximum likelihood by Newton's method.

    ranks: (n, k), 1 = best, equal = tied, 0 = unranked; shown: (n, k); covariates:
    (n, k, p), each must differ within judgements; people: (n,) from 0. Coefficients in
    units of utility (log odds), their covariance the sandwich over people
    (`newton.clustered`). start: coefficients (p,) known to be near, which save steps.
    Raises NotIdentifiedError.
    """
    first = np.zeros(covariates.shape[2]) if start is None else start.copy()
    found, (value, _gradient, curvature) = climb(
        lambda at: _sum(ranks, shown, covariates, at)[:3], first
    )
    scores = _sum(ranks, shown, covariates, found, people)[3]
    present = int(np.unique(people).size)
    return Fit(found, clustered(influence(curvature, scores), present), present, value)


def strengths(ranks: Ints, items: Ints, groups: Ints, people: Ints) -> list[Fit]:
    """Plackett-Luce strengths of items in each group, one fit a group.

    ranks, items: (n, k), item -1 where nothing was shown; groups, people: (n,). A fit's
    coefficients (items - 1,) are log strengths of items 1, 2, ... beside item 0. Ties as
    above; strengths are told apart only where items meet (directly or through others).
    """
    count = int(items.max(initial=0)) + 1
    found = []
    for group in range(int(groups.max(initial=-1)) + 1):
        own = groups == group
        one_hot = np.eye(count)[items[own]][:, :, 1:]
        found.append(fit(ranks[own], items[own] >= 0, one_hot, people[own]))
    return found


def place_covariates(shown: Bools) -> Floats:
    """One covariate for each place on the page but the last, (n, k, k - 1)."""
    places = shown.shape[1]
    once = np.broadcast_to(np.eye(places)[:, : places - 1], (*shown.shape, places - 1))
    return np.where(shown[:, :, None], once, 0.0)


def class_covariates(classes: Ints, groups: Ints, *, class_count: int) -> Floats:
    """One covariate for each class but the last in each group, (n, k, groups * (classes - 1)).

    classes: (n, k), -1 where nothing was shown; groups: (n,), -1 for none.
    """
    wide = class_count - 1
    group_count = int(groups.max(initial=-1)) + 1
    known = (classes >= 0) & (classes < wide) & (groups >= 0)[:, None]
    column = np.where(known, groups[:, None] * wide + classes, 0)
    found = np.zeros((*classes.shape, group_count * wide))
    np.put_along_axis(found, column[:, :, None], known[:, :, None].astype(float), axis=2)
    return found


def _sum(
    ranks: Ints, shown: Bools, covariates: Floats, at: Floats, people: Ints | None = None
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, gradient, curvature (minus the Hessian), and scores by person."""
    size = at.size
    number = 0 if people is None else int(people.max(initial=-1)) + 1
    value, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
    scores = np.zeros((number, size))
    step = max(1, SINGLE_THREADED // (shown.shape[1] * size**2 + 1))
    for start in range(0, len(ranks), step):
        part = slice(start, start + step)
        x = covariates[part]
        weight, logs = _stages(ranks[part], shown[part], np.einsum("nkp,p->nk", x, at))
        placed, used = (ranks[part] > 0) & shown[part], weight.sum(axis=1)
        own = np.einsum("nk,nkp->np", placed - used, x)
        means = np.einsum("nsk,nkp->nsp", weight, x).reshape(-1, size)
        flat = x.reshape(-1, size)
        value += logs
        gradient += own.sum(axis=0)
        curvature += (flat * used.reshape(-1, 1)).T @ flat - means.T @ means
        if people is not None:
            np.add.at(scores, people[part], own)
    return value, gradient, curvature, scores


def _stages(ranks: Ints, shown: Bools, utility: Floats) -> tuple[Floats, float]:
    """For each response placed (stage) the probabilities (n, stage, k) of all that are left."""
    placed = (ranks > 0) & shown
    order = np.where(placed, ranks, np.iinfo(np.int64).max)
    own, other = order[:, :, None], order[:, None, :]
    left = (other >= own) & shown[:, None, :] & placed[:, :, None]
    tied = (other == own) & placed[:, :, None] & placed[:, None, :]
    before = np.tril(np.ones(tied.shape[1:], dtype=bool), -1)
    share = (tied & before).sum(axis=2) / np.maximum(tied.sum(axis=2), 1)
    top = np.where(shown, utility, -np.inf).max(axis=1, keepdims=True)
    strength = np.where(shown, np.exp(np.where(shown, utility - top, 0.0)), 0.0)
    weight = strength[:, None, :] * (left - share[:, :, None] * tied)
    total = weight.sum(axis=2)
    logs = np.where(placed, utility - top - np.log(np.where(placed, total, 1.0)), 0.0)
    return weight / np.where(placed, total, 1.0)[:, :, None], float(logs.sum())

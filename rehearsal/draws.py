"""Rankings drawn from known utilities. Rows are judgements, columns places on the page."""

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints

HONEST = -1
AT_RANDOM = -2


def draw_rankings(
    utilities: Floats, careless: Ints, tie_share: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Places given to what was shown, and which place on the page was chosen.

    utilities: (judgements, places), by place on the page; -inf where nothing was shown,
    always after what was. careless: (judgements,), HONEST, AT_RANDOM, or the place on the
    page (from 0) that is always put first, with the next ones behind it.

    Utilities plus standard Gumbel noise, sorted, are a Plackett-Luce ranking (Yellott, 1977,
    Journal of Mathematical Psychology 15, 109-144). A tie is drawn apart from the utilities:
    an honest ranking declares, with probability `tie_share`, one of its pairs of neighbours,
    each as likely, equally good. What is chosen is the better one before the tie.

    Returns (judgements, places) standard competition ranks, 1 = best, 0 where nothing was
    shown; and (judgements,) the place on the page of what was chosen, from 0.
    """
    shown = np.isfinite(utilities)
    number = shown.sum(axis=1)
    noise = rng.gumbel(size=utilities.shape)
    score = np.where((careless == AT_RANDOM)[:, None], noise, utilities + noise)
    places = np.arange(utilities.shape[1])
    habit = -((places[None, :] - careless[:, None]) % np.maximum(number, 1)[:, None]).astype(float)
    score = np.where((careless >= 0)[:, None], habit, score)
    score = np.where(shown, score, -np.inf)
    order = np.argsort(-score, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, places.size + 1)[None, :], axis=1)
    ties = (careless == HONEST) & (rng.random(number.size) < tie_share) & (number > 1)
    upper = 1 + np.floor(rng.random(number.size) * (number - 1)).astype(np.int64)
    lower: Bools = ties[:, None] & (ranks == upper[:, None] + 1)
    return np.where(shown, ranks - lower, 0), order[:, 0]

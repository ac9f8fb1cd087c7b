"""How different are the responses of a set? Pure functions; docs/decisions/0008-diversity.md.

Two measures that fail differently: letters (works offline in every language) and
meaning (needs vectors from an endpoint). All four measures read "more is worse", so a
threshold is always the highest value that is shown.
"""

import math
import re
import statistics
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from candidates.similarity import dot, overlap, profile_of, usable

LIST_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪·–]|\**\(?\d{1,3}[.)]\**|\(?[^\W\d_]\))\s+\S")
NAMES = {
    "lexical": "lexical similarity",
    "semantic": "semantic similarity",
    "length_spread": "length spread",
    "list_spread": "list spread",
}


def measure(texts: list[str], vectors: list[list[float]] | None) -> dict[str, Any]:
    """What is stored with a set, as JSON. None says: not measured.

    That holds for `semantic` without a usable vector for every text, and for both
    similarities where there is no pair. `length_spread` is the coefficient of variation
    of the words (of the whole set, so with n below the sum); `list_spread` is the
    difference between the largest and the smallest share of words that stand in lists.
    """
    pairs = list(combinations(range(len(texts)), 2))
    profiles = [profile_of(text) for text in texts]
    units = usable(texts, vectors)
    shares = [_list_share(text) for text in texts]
    return {
        "lexical": _summary([overlap(profiles[i], profiles[j]) for i, j in pairs]),
        "semantic": None
        if units is None
        else _summary([dot(units[i], units[j]) for i, j in pairs]),
        "length_spread": _variation([len(text.split()) for text in texts]),
        "list_spread": max(shares, default=0.0) - min(shares, default=0.0),
    }


def too_similar(measures: dict[str, Any], thresholds: dict[str, float]) -> list[str]:
    """Every reason why these measures miss these thresholds; empty when they hold them.

    A threshold on what was not measured is missed: nothing passes unseen.
    """
    reasons = []
    for key, threshold in sorted(thresholds.items()):
        name = NAMES.get(key, key)
        value = measures.get(key)
        if isinstance(value, dict):
            value = value.get("mean")
        if value is None or math.isnan(value):
            reasons.append(f"{name} not measured")
        elif not value <= threshold:
            reasons.append(f"{name} {value:.3f} is over the threshold {threshold:.3f}")
    return reasons


def null_threshold(values: Sequence[float], quantile: float) -> float:
    """The highest value that passes, so that at most this share of null sets would.

    `values` are one measure of N temperature-sampled sets of one language. The threshold
    lies just under the k-th smallest, k = floor(quantile * (N + 1)): one more such set,
    exchangeable with them, passes with a chance of k / (N + 1) at most, for any
    distribution, any N and with ties. (Davison & Hinkley, 1997; Phipson & Smyth,
    2010: a quantile of the sample alone would let too many pass.)
    """
    if not 0 < quantile < 1:
        raise ValueError(f"the quantile is {quantile}, not between 0 and 1")
    if not all(math.isfinite(value) for value in values):
        raise ValueError("a set of the null was not measured")
    # The small term undoes binary fractions: 0.29 * 100 is 28.999…
    k = math.floor(quantile * (len(values) + 1) + 1e-9)
    if k < 1:
        needed = math.ceil(1 / quantile - 1e-9) - 1
        raise ValueError(f"{len(values)} null sets are too few for {quantile}: {needed} are needed")
    return math.nextafter(sorted(values)[k - 1], -math.inf)


def _summary(similarities: list[float]) -> dict[str, float] | None:
    if not similarities:
        return None
    return {"mean": statistics.fmean(similarities), "max": max(similarities)}


def _variation(counts: list[int]) -> float:
    mean = statistics.fmean(counts) if counts else 0.0
    return statistics.pstdev(counts) / mean if mean else 0.0


def _list_share(text: str) -> float:
    """The share of its words that stand on lines with a bullet or a number."""
    words = len(text.split())
    listed = sum(len(line.split()) for line in text.splitlines() if LIST_ITEM.match(line))
    return listed / words if words else 0.0

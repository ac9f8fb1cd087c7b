"""How different are the responses of a set? Pure functions; docs/decisions/0008-diversity.md.

Two measures that fail differently: letters (works offline in every language) and
meaning (needs vectors from an endpoint). All four measures read "more is worse", so a
threshold is always the highest value that is shown.
"""

import math
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

# Overlapping n-grams of four characters serve European languages well (McNamee & Mayfield,
# 2004); in Devanagari four code points are two or three syllables.
GRAM = 4
# Above it two texts are one text reworded. The canned texts of different voices stay
# below 0.45 in all five languages; a copy without a fifth of its words is above 0.75.
NEAR_COPY = 0.7
# A candidate half as long as the others, or twice as long, is no answer like the others.
LENGTH_FACTOR = 2.0
# Two fluent texts in one language share the n-grams of its small words: about 0.3 in the
# canned texts, even on different questions. Texts that are no copies share 0.7 at most. So
# whatever has less than a quarter of the usual similarity is broken, not merely different.
BROKEN_SHARE = 0.25
# Far less related to the prompt: by three scaled MADs (Leys et al., 2013), and by 0.15 at
# least, since a few alike answers have a MAD next to nothing.
OUTLIER_MADS = 3.0
OUTLIER_GAP = 0.15
# The MAD of a normal distribution, times this, is its standard deviation.
MAD_SCALE = 1.4826
# Smaller than that is rounding: the text lies within those already chosen.
NOTHING_LEFT = 1e-6

LIST_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪·–]|\**\(?\d{1,3}[.)]\**|\(?[^\W\d_]\))\s+\S")
NAMES = {
    "lexical": "lexical similarity",
    "semantic": "semantic similarity",
    "length_spread": "length spread",
    "list_spread": "list spread",
}


def lexical_similarity(a: str, b: str) -> float:
    """How much of their letters two texts share: 0 nothing, 1 the same text.

    The cosine of the square roots of the counts of character n-grams, which is
    Bhattacharyya's coefficient (1943) of their distributions. N-grams need no word list
    or stemmer of any language (Damashek, 1995); the root keeps "the" and "que" from
    deciding. Texts without a letter count as the same.
    """
    return _overlap(_profile(a), _profile(b))


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """The cosine of the angle between two vectors, -1 to 1."""
    if len(a) != len(b):
        raise ValueError(f"vectors of {len(a)} and {len(b)} numbers cannot be compared")
    units = _unit_vectors([a, b])
    if units is None:
        raise ValueError("a vector without a direction cannot be compared")
    return _dot(*units)


def measure(texts: list[str], vectors: list[list[float]] | None) -> dict[str, Any]:
    """What is stored with a set, as JSON. None says: not measured.

    That holds for `semantic` without a usable vector for every text, and for both
    similarities where there is no pair. `length_spread` is the coefficient of variation
    of the words (of the whole set, so with n below the sum); `list_spread` is the
    difference between the largest and the smallest share of words that stand in lists.
    """
    pairs = list(combinations(range(len(texts)), 2))
    profiles = [_profile(text) for text in texts]
    units = _usable(texts, vectors)
    shares = [_list_share(text) for text in texts]
    return {
        "lexical": _summary([_overlap(profiles[i], profiles[j]) for i, j in pairs]),
        "semantic": None
        if units is None
        else _summary([_dot(units[i], units[j]) for i, j in pairs]),
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


def select_diverse(
    texts: list[str],
    n: int,
    vectors: list[list[float]] | None,
    prompt: str = "",
    prompt_vector: list[float] | None = None,
) -> list[int]:
    """The places, in order, of the n texts that differ most as a group.

    Outliers are put aside first, since the text most unlike the others is often the one
    that went wrong; they come back, the least odd first, only where n would be missed.
    Then the farthest pair, and again and again the text that adds most to the
    log-determinant of the similarities: the greedy mode of a k-DPP (Kulesza & Taskar,
    2011; Chen, Zhang & Zhou, 2018). Same pool, same answer; a tie takes the earlier text.
    """
    if not 1 <= n <= len(texts):
        raise ValueError(f"cannot choose {n} of {len(texts)} texts")
    profiles = [_profile(text) for text in texts]
    units = _usable(texts, vectors)
    lexical = _matrix([[_overlap(a, b) for b in profiles[:i]] for i, a in enumerate(profiles)])
    similar = lexical
    if units is not None:
        meaning = _matrix([[_dot(a, b) for b in units[:i]] for i, a in enumerate(units)])
        # Both are Gram matrices, so their mean is one too, as a determinant needs it.
        similar = [
            [(x + y) / 2 for x, y in zip(*rows, strict=True)]
            for rows in zip(lexical, meaning, strict=True)
        ]
    asked = [_overlap(_profile(prompt), profile) for profile in profiles]
    distinct = _distinct(lexical)
    odd = [
        _far_in_length([len(text.split()) for text in texts], distinct),
        _broken(lexical, distinct, asked if prompt.strip() else None),
    ]
    if units is not None and prompt_vector is not None:
        towards = _unit_vectors([prompt_vector, *units])
        if towards is not None:
            asked = [_dot(towards[0], unit) for unit in towards[1:]]
            odd.append(_off_the_prompt(asked, distinct))
    faults = [sum(guards) for guards in zip(*odd, strict=True)]
    fit = [place for place, fault in enumerate(faults) if not fault]
    if len(fit) < n:
        by_fault = sorted(range(len(texts)), key=lambda place: (faults[place], place))
        fit = sorted(by_fault[:n])
    if n == 1:
        # Nothing to differ from: the one that answers the prompt best.
        return [max(fit, key=lambda place: (asked[place], -place))]
    return sorted(_greedy_determinant(similar, fit, n))


def _letters(text: str) -> str:
    """Words in lower case, without punctuation.

    Unlike `\\w`, this keeps the combining marks: in Devanagari they are the vowels. The
    invisible joiners within words go.
    """
    kept = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        category = unicodedata.category(character)
        if category != "Cf":
            kept.append(character if category[0] in "LMN" else " ")
    return " ".join("".join(kept).split())


def _profile(text: str) -> dict[str, float]:
    """The roots of the counts of its n-grams, of length one as a vector."""
    padded = f" {_letters(text)} "
    counts = Counter(padded[i : i + GRAM] for i in range(max(1, len(padded) - GRAM + 1)))
    total = counts.total()
    return {gram: math.sqrt(count / total) for gram, count in counts.items()}


def _overlap(a: dict[str, float], b: dict[str, float]) -> float:
    # fsum: the same to the last digit whichever text comes first.
    return min(1.0, math.fsum(weight * b[gram] for gram, weight in a.items() if gram in b))


def _usable(texts: list[str], vectors: list[list[float]] | None) -> list[list[float]] | None:
    """The vectors with length one; None unless every text has one that can be compared."""
    if vectors is None or len(vectors) != len(texts):
        return None
    return _unit_vectors(vectors)


def _unit_vectors(vectors: Sequence[Sequence[float]]) -> list[list[float]] | None:
    lengths = [math.hypot(*vector) for vector in vectors]
    if len({len(vector) for vector in vectors}) > 1:
        return None
    if not all(0 < length < math.inf for length in lengths):
        return None
    return [
        [number / length for number in vector]
        for vector, length in zip(vectors, lengths, strict=True)
    ]


def _dot(a: list[float], b: list[float]) -> float:
    return max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(a, b, strict=True))))


def _matrix(below: list[list[float]]) -> list[list[float]]:
    """The whole symmetric matrix, from what stands below its diagonal of ones."""
    return [
        [*row, 1.0, *(below[j][i] for j in range(i + 1, len(below)))] for i, row in enumerate(below)
    ]


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


def _distinct(lexical: list[list[float]]) -> list[int]:
    """The first text of every group of near-copies: what is usual is not for copies to say."""
    firsts: list[int] = []
    for place, row in enumerate(lexical):
        if all(row[first] < NEAR_COPY for first in firsts):
            firsts.append(place)
    return firsts


def _far_in_length(words: list[int], distinct: list[int]) -> list[bool]:
    usual = statistics.median(words[place] for place in distinct)
    return [not usual / LENGTH_FACTOR <= count <= usual * LENGTH_FACTOR for count in words]


def _broken(
    lexical: list[list[float]], distinct: list[int], asked: list[float] | None
) -> list[bool]:
    """Which texts share next to nothing with the others (and the prompt, if there is one)."""
    shared = []
    for place, row in enumerate(lexical):
        others = [row[j] for j in distinct if j != place]
        others += [] if asked is None else [asked[place]]
        shared.append(statistics.median(others or [1.0]))
    usual = statistics.median(shared[place] for place in distinct)
    return [share < BROKEN_SHARE * usual for share in shared]


def _off_the_prompt(related: list[float], distinct: list[int]) -> list[bool]:
    usual = statistics.median(related[place] for place in distinct)
    mad = MAD_SCALE * statistics.median(abs(related[place] - usual) for place in distinct)
    return [value < usual - max(OUTLIER_GAP, OUTLIER_MADS * mad) for value in related]


def _greedy_determinant(similar: list[list[float]], pool: list[int], n: int) -> list[int]:
    """Chooses by growing a Cholesky factor, one column for each text chosen.

    `left[i]` is the part of text i that the chosen ones do not explain: the determinant
    with i is the determinant without, times it.
    """
    left = dict.fromkeys(pool, 1.0)
    factor: dict[int, list[float]] = {place: [] for place in pool}
    chosen = [*min(combinations(pool, 2), key=lambda pair: similar[pair[0]][pair[1]])]
    for step in range(n):
        if step == len(chosen):
            # Copies of chosen texts have nothing left: then the least alike comes first.
            chosen.append(
                max(
                    (place for place in pool if place not in chosen),
                    key=lambda place: (
                        round(left[place], 9),
                        -max(similar[place][other] for other in chosen),
                        -place,
                    ),
                )
            )
        new = chosen[step]
        row, root = factor[new][:], math.sqrt(left[new])
        if root < NOTHING_LEFT:
            continue
        for place in pool:
            known = math.fsum(x * y for x, y in zip(row, factor[place], strict=True))
            part = (similar[new][place] - known) / root
            factor[place].append(part)
            left[place] = max(0.0, left[place] - part * part)
    return chosen

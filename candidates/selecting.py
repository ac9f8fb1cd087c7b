"""Of many responses the n that differ most as a group. Pure functions; what is odd stays out."""

import math
import statistics
from itertools import combinations

from candidates.similarity import dot, overlap, profile_of, unit_vectors, usable

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
    profiles = [profile_of(text) for text in texts]
    units = usable(texts, vectors)
    lexical = _matrix([[overlap(a, b) for b in profiles[:i]] for i, a in enumerate(profiles)])
    asked = [overlap(profile_of(prompt), profile) for profile in profiles]
    distinct = _distinct(lexical)
    odd = [
        _far_in_length([len(text.split()) for text in texts], distinct),
        _broken(lexical, distinct, asked if prompt.strip() else None),
    ]
    if units is not None and prompt_vector is not None:
        towards = unit_vectors([prompt_vector, *units])
        if towards is not None:
            asked = [dot(towards[0], unit) for unit in towards[1:]]
            odd.append(_off_the_prompt(asked, distinct))
    fit = _least_odd([sum(guards) for guards in zip(*odd, strict=True)], n)
    if n == 1:
        # Nothing to differ from: the one that answers the prompt best.
        return [max(fit, key=lambda place: (asked[place], -place))]
    return sorted(_greedy_determinant(_joined(lexical, units), fit, n))


def _least_odd(faults: list[int], n: int) -> list[int]:
    """The places without a fault; where they are fewer than n, the n with the fewest."""
    fit = [place for place, fault in enumerate(faults) if not fault]
    if len(fit) >= n:
        return fit
    by_fault = sorted(range(len(faults)), key=lambda place: (faults[place], place))
    return sorted(by_fault[:n])


def _joined(lexical: list[list[float]], units: list[list[float]] | None) -> list[list[float]]:
    """The similarities of letters, with those of meaning where texts have vectors."""
    if units is None:
        return lexical
    meaning = _matrix([[dot(a, b) for b in units[:i]] for i, a in enumerate(units)])
    # Both are Gram matrices, so their mean is one too, as a determinant needs it.
    return [
        [(x + y) / 2 for x, y in zip(*rows, strict=True)]
        for rows in zip(lexical, meaning, strict=True)
    ]


def _matrix(below: list[list[float]]) -> list[list[float]]:
    """The whole symmetric matrix, from what stands below its diagonal of ones."""
    return [
        [*row, 1.0, *(below[j][i] for j in range(i + 1, len(below)))] for i, row in enumerate(below)
    ]


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

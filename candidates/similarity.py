"""How alike are two texts? By their letters, offline in every language, or by their meaning.

Pure functions. Meaning needs vectors from an endpoint.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence

# Overlapping n-grams of four characters serve European languages well (McNamee & Mayfield,
# 2004); in Devanagari four code points are two or three syllables.
GRAM = 4


def lexical_similarity(a: str, b: str) -> float:
    """How much of their letters two texts share: 0 nothing, 1 the same text.

    The cosine of the square roots of the counts of character n-grams, which is
    Bhattacharyya's coefficient (1943) of their distributions. N-grams need no word list
    or stemmer of any language (Damashek, 1995); the root keeps "the" and "que" from
    deciding. Texts without a letter count as the same.
    """
    return overlap(profile_of(a), profile_of(b))


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """The cosine of the angle between two vectors, -1 to 1."""
    if len(a) != len(b):
        raise ValueError(f"vectors of {len(a)} and {len(b)} numbers cannot be compared")
    units = unit_vectors([a, b])
    if units is None:
        raise ValueError("a vector without a direction cannot be compared")
    return dot(*units)


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


def profile_of(text: str) -> dict[str, float]:
    """The roots of the counts of its n-grams, of length one as a vector."""
    padded = f" {_letters(text)} "
    counts = Counter(padded[i : i + GRAM] for i in range(max(1, len(padded) - GRAM + 1)))
    total = counts.total()
    return {gram: math.sqrt(count / total) for gram, count in counts.items()}


def overlap(a: dict[str, float], b: dict[str, float]) -> float:
    """The lexical similarity of two texts whose profiles these are."""
    # fsum: the same to the last digit whichever text comes first.
    return min(1.0, math.fsum(weight * b[gram] for gram, weight in a.items() if gram in b))


def usable(texts: list[str], vectors: list[list[float]] | None) -> list[list[float]] | None:
    """The vectors with length one; None unless every text has one that can be compared."""
    if vectors is None or len(vectors) != len(texts):
        return None
    return unit_vectors(vectors)


def unit_vectors(vectors: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """The same directions with length one; None where one cannot be compared with another."""
    lengths = [math.hypot(*vector) for vector in vectors]
    if len({len(vector) for vector in vectors}) > 1:
        return None
    if not all(0 < length < math.inf for length in lengths):
        return None
    return [
        [number / length for number in vector]
        for vector, length in zip(vectors, lengths, strict=True)
    ]


def dot(a: list[float], b: list[float]) -> float:
    """The cosine of two vectors of length one."""
    return max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(a, b, strict=True))))

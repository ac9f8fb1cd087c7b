"""What tells the responses of a set apart, as a few numbers, made here without any service.

Texts of one language become weights of their words; of each the mean of its set is taken
away, so that what a prompt is about falls out; and the main directions of what is left are
kept. They have no names: a model may use them, and nobody reads them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from insights.statistics.arrays import Floats, Ints
from insights.statistics.topics import words_of

WORDS = 2**15
# Directions are found in so many sets; the texts of all others are placed along them.
SETS = 4000
CHUNK = 5000


def apart(texts: Sequence[str], sets: Ints, *, directions: int, seed: int) -> Floats:
    """Each text's place along the directions in which texts of a set differ most, (n, d).

    sets: (n,) which set a text belongs to; texts of a set stand together. Every column has
    standard deviation 1; fewer columns hold something where texts have fewer words.
    """
    from scipy.sparse import vstack
    from sklearn.decomposition import TruncatedSVD

    found = np.zeros((len(texts), directions))
    if len(texts) < 2:
        return found
    chosen = np.random.default_rng(seed).permutation(np.unique(sets))[:SETS]
    some = np.flatnonzero(np.isin(sets, chosen))
    differing = vstack([_differences(texts, sets, part) for part in _parts(some, sets)])
    if abs(differing).max() < 1e-9:
        return found  # every set says one thing in the same words
    wide = min(directions, len(some) - 1)
    main = TruncatedSVD(wide, random_state=seed % 2**32).fit(differing)
    for part in _parts(np.arange(len(texts)), sets):
        found[part, :wide] = main.transform(_differences(texts, sets, part))
    spread = found.std(axis=0)
    return np.asarray(np.divide(found, spread, out=np.zeros_like(found), where=spread > 1e-9))


def _parts(rows: Ints, sets: Ints) -> list[Ints]:
    """Rows some thousand at a time, whole sets together."""
    begins = np.flatnonzero(np.diff(sets[rows], prepend=-1) != 0)
    cuts = [
        int(begins[begins >= start][0])
        for start in range(CHUNK, rows.size, CHUNK)
        if (begins >= start).any()
    ]
    return np.split(rows, sorted(set(cuts)))


def _differences(texts: Sequence[str], sets: Ints, part: Ints) -> Any:
    """Weights of words, less their mean over the texts of the set, sparse."""
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import HashingVectorizer

    reader = HashingVectorizer(analyzer=words_of, n_features=WORDS, alternate_sign=False)
    weights = csr_array(reader.transform([texts[place] for place in part]))
    names, of_set = np.unique(sets[part], return_inverse=True)
    once = csr_array(
        (np.ones(part.size), (of_set, np.arange(part.size))), shape=(names.size, part.size)
    )
    sizes = np.bincount(of_set)
    means = csr_array((1 / sizes[of_set], (np.arange(part.size), of_set))) @ (once @ weights)
    return csr_array(weights - means)

"""Suggested topics of prompts: clusters of their texts, made here, without any service.

Texts become weights of their words and of the letters within words (TF-IDF; Salton and
Buckley, 1988), their main directions are kept (latent semantic analysis; Deerwester et al.,
1990), and k-means cuts them into clusters. Suggestions are for a person to read: only she
gives a prompt its topic.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Floats, Ints

MOST_CLUSTERS = 30
DIRECTIONS = 50
WORDS = 6
STARTS = 10


@dataclass(frozen=True)
class Suggestion:
    """Clusters (n,) of texts from 0, the telling words of each, and how far they stand apart.

    silhouette: of each text (n,), from -1 to 1: how much nearer it is to its own cluster
    than to the next (Rousseeuw, 1987); below 0 it would fit elsewhere better.
    """

    clusters: Ints
    words: tuple[tuple[str, ...], ...]
    silhouette: Floats

    @property
    def apart(self) -> float:
        """Mean silhouette: above 0.5 clusters are plain, below 0.25 hardly there."""
        return float(self.silhouette.mean())


def suggest(texts: Sequence[str], *, clusters: int | None = None, seed: int) -> Suggestion:
    """Clusters of texts in one language; None: as many as give the largest silhouette.

    The same texts and seed give the same clusters. Raises ValueError below four texts.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_samples

    if len(texts) < 4:
        raise ValueError("Fewer than four prompts: there is nothing to put together.")
    places = _directions(texts, seed)
    most = min(MOST_CLUSTERS, len(texts) // 2)
    asked = range(2, most + 1) if clusters is None else [max(2, min(clusters, len(texts) - 1))]
    best: tuple[float, Ints, Floats] | None = None
    for number in asked:
        found = KMeans(number, n_init=STARTS, random_state=seed % 2**32).fit_predict(places)
        if np.unique(found).size < 2:
            continue
        apart = silhouette_samples(places, found)
        if best is None or apart.mean() > best[0]:
            best = (float(apart.mean()), found.astype(np.int64), apart)
    if best is None:
        raise ValueError("All prompts say the same: there is nothing to tell apart.")
    return Suggestion(best[1], telling_words(texts, best[1]), best[2])


def telling_words(texts: Sequence[str], clusters: Ints) -> tuple[tuple[str, ...], ...]:
    """For each cluster the words that are frequent in it and rare elsewhere.

    Weight: how often a text of the cluster has the word, less how often the others do, in
    units of its standard error; so small words that all texts share fall out by themselves.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    reader = CountVectorizer(binary=True, analyzer=words_of)
    try:
        has = reader.fit_transform(texts).toarray().astype(np.float64)
    except ValueError:  # no word in any text
        return tuple(() for _one in range(int(clusters.max(initial=-1)) + 1))
    names = reader.get_feature_names_out()
    found = []
    for cluster in range(int(clusters.max(initial=-1)) + 1):
        own = clusters == cluster
        inside, outside = has[own].mean(axis=0), has[~own].mean(axis=0)
        middle = has.mean(axis=0)
        error = np.sqrt(middle * (1 - middle) * (1 / own.sum() + 1 / max((~own).sum(), 1)))
        weight = np.divide(inside - outside, error, out=np.zeros_like(error), where=error > 0)
        order = np.argsort(-weight, kind="stable")[:WORDS]
        found.append(tuple(str(names[place]) for place in order if weight[place] > 0))
    return tuple(found)


def words_of(text: str) -> list[str]:
    """Words of two letters or more, in small letters; marks of Devanagari are letters too."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = (letter if unicodedata.category(letter)[0] in "LM" else " " for letter in plain)
    return [word for word in "".join(kept).split() if len(word) > 1]


def alike(one: Sequence[object], other: Sequence[object]) -> float:
    """The adjusted Rand index of two ways to sort the same things: 1 the same, 0 by chance
    (Hubert and Arabie, 1985, Journal of Classification 2, 193-218)."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(list(one), list(other)))


def _directions(texts: Sequence[str], seed: int) -> Floats:
    """Texts as points of length 1 on their main directions, (n, d)."""
    from scipy.sparse import hstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    # A word that stands in one text alone puts nothing together.
    least = 2 if len(texts) >= 10 else 1
    words = TfidfVectorizer(analyzer=words_of, sublinear_tf=True, min_df=least, max_df=0.5)
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=least, max_df=0.5
    )
    parts = []
    for reader in (words, letters):
        try:
            parts.append(reader.fit_transform(texts))
        except ValueError:  # nothing is left between the rare and the frequent
            continue
    if not parts:
        raise ValueError("The prompts share no words: there is nothing to put together.")
    weights = hstack(parts).tocsr()
    wide = min(DIRECTIONS, min(weights.shape) - 1)
    if wide < 1:
        return np.asarray(normalize(weights.toarray()))
    return np.asarray(
        normalize(TruncatedSVD(wide, random_state=seed % 2**32).fit_transform(weights))
    )

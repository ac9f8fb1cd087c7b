"""What tells responses of a set apart: directions of value, not of what a prompt is about."""

from itertools import pairwise

import numpy as np

from insights.statistics import text_features

VOICES = (
    "tradition elders faith custom ancestors respect",
    "evidence science reason study figures proof",
    "safety savings order security caution shelter",
    "freedom joy yourself creative dream travel",
)


def test_voices_are_told_apart_across_prompts_about_other_things() -> None:
    rng = np.random.default_rng(18)
    texts, sets, voices = [], [], []
    for prompt in range(60):
        topic = [f"topic{prompt}word{number}" for number in range(8)]
        for voice, words in enumerate(VOICES):
            own = rng.choice(words.split(), 4)
            texts.append(" ".join(rng.permutation([*own, *rng.choice(topic, 10)])))
            sets.append(prompt)
            voices.append(voice)
    found = text_features.apart(texts, np.array(sets), directions=4, seed=2**40 + 1)
    assert np.allclose(found.std(axis=0), 1)
    # The voices' means lie far apart in the space that was found.
    whose = np.array(voices)
    means = np.stack([found[whose == voice].mean(axis=0) for voice in range(4)])
    within = np.stack([found[whose == voice].std(axis=0) for voice in range(4)]).mean()
    nearest = ((found[:, None] - means[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == whose).mean() > 0.9
    assert within < 0.8


def test_sets_are_cut_whole() -> None:
    sets = np.repeat(np.arange(3000), 4)
    parts = text_features._parts(np.arange(sets.size), sets)
    assert np.concatenate(parts).tolist() == list(range(sets.size))
    for one, other in pairwise(parts):
        assert sets[one[-1]] != sets[other[0]]


def test_a_single_or_an_empty_text_is_nowhere() -> None:
    assert text_features.apart(["a"], np.array([0]), directions=3, seed=1).tolist() == [[0, 0, 0]]
    found = text_features.apart(["", "", "x y", ""], np.array([0, 0, 1, 1]), directions=3, seed=1)
    assert np.isfinite(found).all()

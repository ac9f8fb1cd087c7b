"""Suggested topics: planted ones come back, in five languages' own words."""

import numpy as np
import pytest

from insights import topics

TOPICS = {
    "food": "dinner recipe vegetables kitchen cook bread soup spices meal oven",
    "money": "savings bank loan interest salary budget invest pension debt taxes",
    "family": "mother daughter wedding parents grandchildren marriage sister birthday cousin baby",
    "work": "boss meeting colleague office career interview promotion deadline manager contract",
    "travel": "train hotel passport holiday beach flight luggage museum tickets island",
}
OPENINGS = (
    "What should I do about my {} and the {} this week?",
    "Please help me with {}, since my {} is not what I hoped for.",
    "I cannot decide between {} and {}: what matters more?",
    "Is it right to worry about {} when there is also {}?",
    "Explain to me in simple words how {} changes {}.",
)


def planted(seed: int, each: int = 12) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    texts, truth = [], []
    for name, words in TOPICS.items():
        for _prompt in range(each):
            opening = OPENINGS[rng.integers(len(OPENINGS))]
            first, second, third = rng.choice(words.split(), 3, replace=False)
            texts.append(f"{opening.format(first, second)} Think of the {third}, too.")
            truth.append(name)
    order = rng.permutation(len(texts))
    return [texts[place] for place in order], [truth[place] for place in order]


@pytest.mark.parametrize("seed", range(5))
def test_planted_topics_come_back(seed: int) -> None:
    texts, truth = planted(seed)
    found = topics.suggest(texts, clusters=len(TOPICS), seed=seed)
    assert topics.alike(truth, found.clusters.tolist()) >= 0.8


def test_the_number_of_topics_is_found_by_how_far_they_stand_apart() -> None:
    texts, truth = planted(6, each=20)
    found = topics.suggest(texts, seed=1)
    assert 4 <= len(found.words) <= 8
    assert topics.alike(truth, found.clusters.tolist()) >= 0.8


def test_the_words_of_a_cluster_are_its_own() -> None:
    texts, truth = planted(7)
    names = sorted(TOPICS)
    clusters = np.array([names.index(name) for name in truth])
    for name, words in zip(names, topics.telling_words(texts, clusters), strict=True):
        assert set(words[:4]) <= set(TOPICS[name].split()), name


def test_the_same_texts_and_seed_give_the_same_suggestion() -> None:
    texts, _truth = planted(8)
    one, two = (topics.suggest(texts, clusters=5, seed=3) for _time in range(2))
    assert one.clusters.tolist() == two.clusters.tolist()
    assert one.words == two.words


def test_words_keep_the_marks_of_devanagari() -> None:
    assert topics.words_of("क्या मुझे नौकरी बदलनी चाहिए?") == ["क्या", "मुझे", "नौकरी", "बदलनी", "चाहिए"]
    assert topics.words_of("L'été, 3 à 5 amis") == ["été", "amis"]


def test_too_few_or_equal_prompts_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="Fewer than four"):
        topics.suggest(["a b", "c d"], seed=1)
    with pytest.raises(ValueError, match=r"nothing to tell apart|share no words"):
        topics.suggest(["same text here"] * 6, seed=1)


def test_the_rand_index_is_1_for_renamed_labels_and_0_by_chance() -> None:
    assert topics.alike(["a", "a", "b", "b"], [1, 1, 0, 0]) == 1
    rng = np.random.default_rng(9)
    by_chance = [
        topics.alike(rng.integers(4, size=200), rng.integers(4, size=200)) for _ in "x" * 50
    ]
    assert abs(np.mean(by_chance)) < 0.01

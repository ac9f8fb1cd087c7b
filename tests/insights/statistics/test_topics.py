"""Suggested topics: planted ones come back, in five languages' own words."""

import numpy as np
import pytest

from insights.statistics import topics

TOPICS = {
    "food": "dinner recipe vegetables kitchen cook bread soup spices meal oven breakfast pasta "
    "rice sugar taste restaurant vegan butter fruit hungry",
    "money": "savings bank loan interest salary budget invest pension debt taxes rent cash income "
    "shares insurance mortgage price afford credit poor",
    "family": "mother daughter wedding parents grandchildren marriage sister birthday cousin baby "
    "father son husband wife children divorce uncle inherit funeral adopt",
    "work": "boss meeting colleague office career interview promotion deadline manager contract "
    "resign overtime employer job team project salary application retire union",
    "travel": "train hotel passport holiday beach flight luggage museum tickets island visa "
    "airport mountains tour hostel map border cruise camping abroad",
}
# Words of any prompt, the frequent ones first; they are drawn by Zipf's law.
COMMON = (
    "the i to a my and is of in that it for you me what how not with should be do have on can if "
    "this but are so or about would they an as want when at from there more who help like know "
    "think people all very some make time please good one way need tell write explain best other "
    "could than really always without never old new give take right because still long feel small "
    "world better question different after before year day life friend idea short find keep start "
    "reason honest important again big try simple clear advice wrong mean often week talk side"
)


def planted(seed: int, each: int = 20) -> tuple[list[str], list[str]]:
    """Prompts of 15 to 30 words, a quarter of them of their topic, the others anybody's."""
    rng = np.random.default_rng(seed)
    common = COMMON.split()
    zipf = 1 / np.arange(1, len(common) + 1)
    texts, truth = [], []
    for name, words in TOPICS.items():
        for _prompt in range(each):
            length = int(rng.integers(15, 31))
            own = rng.choice(words.split(), max(3, length // 4), replace=False)
            others = rng.choice(common, length - own.size, p=zipf / zipf.sum())
            texts.append(" ".join(rng.permutation([*own, *others])) + "?")
            truth.append(name)
    order = rng.permutation(len(texts))
    return [texts[place] for place in order], [truth[place] for place in order]


@pytest.mark.parametrize("seed", range(5))
def test_planted_topics_come_back(seed: int) -> None:
    texts, truth = planted(seed)
    found = topics.suggest(texts, clusters=len(TOPICS), seed=seed)
    assert topics.alike(truth, found.clusters.tolist()) >= 0.8


def test_the_number_of_topics_is_found_by_how_far_they_stand_apart() -> None:
    texts, truth = planted(6)
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
    by_chance = [topics.alike(*rng.integers(4, size=(2, 200)).tolist()) for _time in range(50)]
    assert abs(np.mean(by_chance)) < 0.01

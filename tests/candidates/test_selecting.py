"""NC by selection: of many responses those that differ most, and nothing odd."""

from itertools import combinations
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candidates.selecting import select_diverse
from candidates.similarity import lexical_similarity
from demo.provider import VOICES
from tests.candidates.canned import PROMPTS, QUESTIONS, answers, every_language, reworded


@every_language
@pytest.mark.parametrize("prompt", PROMPTS)
def test_four_voices_are_found_among_copies_and_rubbish(language: str, prompt: str) -> None:
    voices = answers(language, prompt)
    texts = [voices[name] for name in VOICES]
    pool = [texts[0], texts[0], reworded(texts[0]), "lorem ipsum dolor " * 30]
    pool += [texts[1], reworded(texts[1]), texts[2], texts[1], "no", texts[3], texts[3]]
    chosen = select_diverse(pool, 4, None, QUESTIONS[language])
    families = [{0, 1, 2}, {4, 5, 7}, {6}, {9, 10}]
    assert [len(family & set(chosen)) for family in families] == [1, 1, 1, 1]


@every_language
def test_the_one_answer_among_many_copies_is_no_outlier(language: str) -> None:
    voices = answers(language)
    pool = [reworded(voices["default"], seed) for seed in range(7)] + [voices["survival"]]
    assert 7 in select_diverse(pool, 2, None, QUESTIONS[language])


@every_language
@pytest.mark.parametrize("prompt", PROMPTS)
def test_copies_do_not_decide_what_is_usual(language: str, prompt: str) -> None:
    voices = list(answers(language, prompt).values())
    pool = [voices[0]] * 9 + voices[1:3]
    assert select_diverse(pool, 3, None) == [0, 9, 10]
    # Relation to the prompt: 1 for the copies, 0.8 for each of the others.
    vectors = [[1.0, 0.0, 0.0]] * 9 + [[0.8, 0.6, 0.0], [0.8, 0.0, 0.6]]
    assert select_diverse(pool, 3, vectors, "", [1.0, 0.0, 0.0]) == [0, 9, 10]


@every_language
def test_the_one_answer_among_many_alike_is_no_outlier(language: str) -> None:
    """Draws of one model are alike without being copies; who differs is who is sought."""
    voices = answers(language)
    alike = [voices["default"] + voices[name] for name in ("traditional", "survival")]
    alike = [reworded(text, seed) for seed, text in enumerate(alike * 4)]
    one = voices["self_expression"] + voices["secular_rational"]
    assert 8 in select_diverse([*alike, one], 2, None, QUESTIONS[language])


@every_language
def test_an_answer_to_another_question_is_put_aside_when_vectors_tell(language: str) -> None:
    voices = list(answers(language).values())
    strange = answers(language, "work-and-family")["default"]
    pool = [*voices, strange]
    vectors = [[1.0, 0.3 * (place == 0), 0.3 * (place == 1), 0.2] for place in range(5)]
    vectors.append([0.1, 0.0, 0.0, 1.0])
    question = [1.0, 0.1, 0.1, 0.1]
    assert 5 in select_diverse(pool, 4, vectors)
    assert 5 not in select_diverse(pool, 4, vectors, QUESTIONS[language], question)


@pytest.mark.parametrize("scale", [0.4, 2.5])
def test_a_text_of_quite_another_length_is_put_aside(scale: float) -> None:
    voices = list(answers("en").values())
    words = (answers("en", "work-and-family")["default"] + " ").split() * 3
    size = median(len(voice.split()) for voice in voices)
    pool = [" ".join(words[: int(size * scale)]), *voices]
    assert 0 not in select_diverse(pool, 4, None)
    whole = " ".join(words[: int(size)])
    assert 0 in select_diverse([whole, *voices], 4, None)


def test_outliers_come_back_only_where_n_would_be_missed() -> None:
    voices = list(answers("it").values())[:3]
    pool = ["lorem ipsum", *voices, "qwertz " * 90]
    assert select_diverse(pool, 3, None, QUESTIONS["it"]) == [1, 2, 3]
    # Too short and unrelated is worse than unrelated alone.
    assert select_diverse(pool, 4, None, QUESTIONS["it"]) == [1, 2, 3, 4]
    assert select_diverse(pool, 5, None, QUESTIONS["it"]) == [0, 1, 2, 3, 4]


def test_the_choice_is_joint_not_by_pairs() -> None:
    """The third is less like its nearest than the fourth is, but all of it is already said."""
    texts = ["aaaa", "bbbb", "cccc", "dddd"]
    vectors = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.7, 0.7, 0.0], [0.8, 0.0, 0.6]]
    assert select_diverse(texts, 3, vectors) == [0, 1, 3]


def test_meaning_decides_where_letters_cannot() -> None:
    texts = ["aaaa", "bbbb", "cccc"]
    assert select_diverse(texts, 2, [[1, 0], [0.6, 0.8], [0, 1]]) == [0, 2]
    assert select_diverse(texts, 2, [[1, 0], [0, 1], [0.6, 0.8]]) == [0, 1]


def test_unusable_vectors_leave_the_choice_to_letters() -> None:
    pool = list(answers("fr").values())
    assert select_diverse(pool, 3, [[0.0]] * 5) == select_diverse(pool, 3, None)


def test_one_of_many_is_the_one_nearest_to_the_prompt() -> None:
    texts = ["aaaa", "bbbb", "cccc"]
    assert select_diverse(texts, 1, [[1, 0], [0, 1], [1, 1]], "", [0.1, 1]) == [1]


def test_copies_alone_are_chosen_from_the_front() -> None:
    assert select_diverse(["same text"] * 5, 3, None) == [0, 1, 2]


@pytest.mark.parametrize("n", [-1, 0, 3])
def test_more_than_there_are_or_none_cannot_be_chosen(n: int) -> None:
    with pytest.raises(ValueError, match=f"cannot choose {n} of 2 texts"):
        select_diverse(["one", "two"], n, None)


@every_language
def test_the_choice_is_near_the_best_of_all_and_far_from_chance(language: str) -> None:
    for prompt in PROMPTS:
        texts = list(answers(language, prompt).values())
        pool = [reworded(text, seed) for seed, text in enumerate([*texts, *texts])]
        pairs = {
            (i, j): lexical_similarity(pool[i], pool[j]) for i, j in combinations(range(10), 2)
        }
        means = {
            group: fmean(pairs[pair] for pair in combinations(group, 2))
            for group in combinations(range(10), 4)
        }
        chosen = means[tuple(select_diverse(pool, 4, None))]  # type: ignore[index]
        assert chosen < 1.1 * min(means.values())
        assert chosen < 0.9 * fmean(means.values())


@given(st.permutations(range(5)))
def test_the_order_of_the_pool_does_not_matter(order: list[int]) -> None:
    texts = list(answers("hi").values())
    usual = {texts[place] for place in select_diverse(texts, 3, None)}
    pool = [texts[place] for place in order]
    assert {pool[place] for place in select_diverse(pool, 3, None)} == usual


@settings(deadline=None)
@given(st.data())
def test_any_pool_gives_n_different_places_twice_the_same(data: st.DataObject) -> None:
    texts = data.draw(st.lists(st.text(max_size=30), min_size=1, max_size=9))
    n = data.draw(st.integers(1, len(texts)))
    size = len(texts)
    vector = st.lists(st.floats(-1, 1), min_size=3, max_size=3)
    vectors = data.draw(st.none() | st.lists(vector, min_size=size, max_size=size))
    prompt, prompt_vector = data.draw(st.text(max_size=30)), data.draw(st.none() | vector)
    chosen = select_diverse(texts, n, vectors, prompt, prompt_vector)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == n
    assert set(chosen) <= set(range(size))
    assert chosen == select_diverse(texts, n, vectors, prompt, prompt_vector)

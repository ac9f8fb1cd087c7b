import math
import random
import re
from itertools import combinations
from statistics import fmean, median

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from candidates.diversity import (
    NEAR_COPY,
    cosine,
    lexical_similarity,
    measure,
    null_threshold,
    select_diverse,
    too_similar,
)
from demo.provider import LANGUAGES, VOICES, Library

LIBRARY = Library()
PROMPTS = sorted(LIBRARY.texts["en"]["prompts"])
QUESTIONS = {
    "en": "My father died three weeks ago and I can't concentrate on anything.",
    "fr": "Mon père est mort il y a trois semaines et je n'arrive pas à me concentrer.",
    "it": "Mio padre è morto tre settimane fa e non riesco a concentrarmi.",
    "pt-br": "Meu pai morreu há três semanas e não consigo me concentrar.",
    "hi": "तीन हफ़्ते पहले मेरे पिता का देहांत हो गया और मेरा किसी काम में मन नहीं लगता।",
}
# One thought, said twice by a person.
SAID_TWICE = {
    "en": (
        "Talk to your parents or to an older couple you trust; they know how fast these years go.",
        "Speak with your parents, or an older couple you trust: they know how fast years go.",
    ),
    "fr": (
        "Gardez des rites ce qui a du sens pour vous et laissez le reste sans vous en excuser.",
        "Des rites, gardez ce qui a du sens pour vous ; laissez le reste sans vous excuser.",
    ),
    "it": (
        "Leggi però bene il contratto: quanto dell'aumento è fisso, quanto dipende dai risultati.",
        "Però leggi bene il contratto, quanto è fisso dell'aumento e quanto dipende dai risultati.",
    ),
    "pt-br": (
        "Aceite a marmita da vizinha e a carona do cunhado, porque economizar energia é prudência.",
        "Aceite a carona do cunhado e a marmita da vizinha, pois economizar energia é prudência.",
    ),
    "hi": (
        "अपने माता-पिता से बात कीजिए, वे जानते हैं कि ये साल कितनी जल्दी बीत जाते हैं।",
        "माता-पिता से बात कर लीजिए, वे जानते हैं कि ये साल कितनी जल्दी बीतते हैं।",
    ),
}
every_language = pytest.mark.parametrize("language", LANGUAGES)


def answers(language: str, prompt: str = "bereavement") -> dict[str, str]:
    return dict(LIBRARY.texts[language]["prompts"][prompt])


def reworded(text: str, seed: int = 1) -> str:
    """The same sentences in another order, each fifth word or so missing."""
    chance = random.Random(seed)
    sentences = re.split(r"(?<=[.?!।])\s+", text)
    chance.shuffle(sentences)
    return " ".join(word for word in " ".join(sentences).split() if chance.random() > 0.2)


# Similarity of letters


def test_the_lexical_similarity_of_short_words_is_as_worked_by_hand() -> None:
    # " abc", "abcd", "bcd " and " abc", "abce", "bce ": one of three in common.
    assert lexical_similarity("abcd", "abce") == pytest.approx(1 / 3)
    # Shares 1/3, 1/3, 1/3 against 1/4, 2/4, 1/4.
    by_hand = 2 * math.sqrt(1 / 12) + math.sqrt(1 / 6)
    assert lexical_similarity("aaaa", "aaaaa") == pytest.approx(by_hand)
    assert lexical_similarity("abcd", "wxyz") == 0


def test_hindi_vowels_are_letters() -> None:
    assert lexical_similarity("की", "का") < 1
    assert lexical_similarity("दिन", "दीन") < 1


def test_one_accent_written_in_two_ways_is_the_same() -> None:
    assert lexical_similarity("caf\u00e9 cr\u00e8me", "cafe\u0301 cre\u0300me") == 1
    assert lexical_similarity("क\u094dष", "क\u094d\u200dष") == 1


def test_texts_without_letters_count_as_the_same() -> None:
    assert lexical_similarity("", "?!") == 1
    assert lexical_similarity("", "something") == 0


@given(st.text(), st.text())
def test_similarity_is_symmetric_and_between_nothing_and_all(a: str, b: str) -> None:
    assert lexical_similarity(a, b) == lexical_similarity(b, a)
    assert 0 <= lexical_similarity(a, b) <= 1
    assert lexical_similarity(a, a) == pytest.approx(1)


@given(st.lists(st.sampled_from(["deux", "voix", "दिन", "रात", "day"]), min_size=1))
def test_case_spacing_and_punctuation_change_nothing(words: list[str]) -> None:
    plain, dressed = " ".join(words), "  ".join(f"«{word.upper()}»," for word in words)
    assert lexical_similarity(plain, dressed) == pytest.approx(1)


@every_language
@pytest.mark.parametrize("prompt", PROMPTS)
def test_voices_differ_more_than_a_text_and_its_rewording(language: str, prompt: str) -> None:
    texts = list(answers(language, prompt).values())
    between = max(lexical_similarity(a, b) for a, b in combinations(texts, 2))
    within = min(lexical_similarity(text, reworded(text)) for text in texts)
    assert between < NEAR_COPY < within


@every_language
def test_voices_differ_more_than_one_thought_said_twice(language: str) -> None:
    said, again = SAID_TWICE[language]
    texts = list(answers(language).values())
    between = max(lexical_similarity(a, b) for a, b in combinations(texts, 2))
    assert between < lexical_similarity(said, again) < 1


# Similarity of meaning


def test_the_cosine_is_as_worked_by_hand() -> None:
    assert cosine([3, 4], [4, 3]) == pytest.approx(24 / 25)
    assert cosine([1, 0], [0, 5]) == 0
    assert cosine([1, 2], [-2, -4]) == pytest.approx(-1)


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [1.0, 2.0]), ([0.0, 0.0], [1.0, 2.0]), ([math.nan], [1.0]), ([], [])]
)
def test_vectors_that_cannot_be_compared_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        cosine(a, b)


numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.floats(0.01, 100))
def test_the_cosine_does_not_depend_on_length_or_order(
    pairs: list[tuple[float, float]], scale: float
) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    assume(any(a) and any(b))
    assert -1 <= cosine(a, b) <= 1
    assert cosine(a, b) == cosine(b, a)
    assert cosine([x * scale for x in a], b) == pytest.approx(cosine(a, b), abs=1e-9)


# What is stored with a set


def test_measures_are_as_worked_by_hand() -> None:
    found = measure(
        ["abcd", "abce", "wxyz"],
        [[3, 4], [4, 3], [0, 1]],
    )
    assert found["lexical"] == {"mean": pytest.approx(1 / 9), "max": pytest.approx(1 / 3)}
    assert found["semantic"] == {
        "mean": pytest.approx((0.96 + 0.8 + 0.6) / 3),
        "max": pytest.approx(0.96),
    }
    assert found["length_spread"] == found["list_spread"] == 0


def test_the_length_spread_is_the_coefficient_of_variation_of_words() -> None:
    found = measure(["a b", "a b c d", "a b c d e f"], None)
    assert found["length_spread"] == pytest.approx(math.sqrt(8 / 3) / 4)


@pytest.mark.parametrize(
    "listed",
    ["- one two\n- three", "1. one\n2) two", "* एक\n* दो", "१. एक\n२. दो", "**1.** one", "a) one"],
)
def test_lists_are_told_from_prose(listed: str) -> None:
    assert measure([listed, "Two plain words - and 3. more"], None)["list_spread"] == 1
    assert measure([listed, listed], None)["list_spread"] == 0


def test_a_text_half_of_which_is_a_list_counts_as_half() -> None:
    assert measure(["Do this:\n- rest", "Do this at once"], None)["list_spread"] == 0.5


@every_language
def test_the_canned_texts_are_prose(language: str) -> None:
    for prompt in PROMPTS:
        assert measure(list(answers(language, prompt).values()), None)["list_spread"] == 0


@pytest.mark.parametrize(
    "vectors", [None, [], [[1.0]], [[1.0], [1.0, 2.0]], [[0.0], [1.0]], [[math.nan], [1.0]]]
)
def test_meaning_is_not_measured_without_a_vector_for_each(
    vectors: list[list[float]] | None,
) -> None:
    found = measure(["one text", "another text"], vectors)
    assert found["semantic"] is None
    assert found["lexical"] is not None


@pytest.mark.parametrize("texts", [[], ["alone"]])
def test_similarity_is_not_measured_without_a_pair(texts: list[str]) -> None:
    found = measure(texts, [[1.0]] * len(texts))
    assert found["lexical"] is found["semantic"] is None


# Thresholds


MEASURED = {
    "lexical": {"mean": 0.4, "max": 0.9},
    "semantic": None,
    "length_spread": 0.2,
    "list_spread": 0.0,
}


def test_measures_up_to_their_thresholds_pass() -> None:
    assert too_similar(MEASURED, {"lexical": 0.4, "length_spread": 0.2, "list_spread": 0}) == []
    assert too_similar(MEASURED, {}) == []


def test_every_measure_over_its_threshold_is_a_reason() -> None:
    assert too_similar(MEASURED, {"lexical": 0.3, "length_spread": 0.1}) == [
        "length spread 0.200 is over the threshold 0.100",
        "lexical similarity 0.400 is over the threshold 0.300",
    ]


def test_what_was_not_measured_never_passes() -> None:
    assert too_similar(MEASURED, {"semantic": 1.0}) == ["semantic similarity not measured"]
    assert too_similar({}, {"lexical": 1.0}) == ["lexical similarity not measured"]
    assert too_similar({"lexical": {"mean": math.nan}}, {"lexical": 1.0}) == [
        "lexical similarity not measured"
    ]
    assert too_similar(MEASURED, {"coverage": 0.5}) == ["coverage not measured"]


def test_a_threshold_that_is_no_number_never_passes() -> None:
    assert too_similar(MEASURED, {"lexical": math.nan}) != []


# The null


def test_the_threshold_of_the_null_is_as_worked_by_hand() -> None:
    null = [place / 100 for place in range(19, 0, -1)]  # 0.19 … 0.01
    # floor(0.05 * 20) = 1 and floor(0.25 * 20) = 5: just under the smallest, and the fifth.
    for quantile, kth in ((0.05, 0.01), (0.25, 0.05), (0.29, 0.05), (0.95, 0.19)):
        threshold = null_threshold(null, quantile)
        assert threshold < kth
        assert threshold == pytest.approx(kth)
    assert null_threshold([place / 100 for place in range(1, 100)], 0.29) == pytest.approx(0.29)


def test_a_null_that_is_too_small_says_how_many_sets_are_needed() -> None:
    with pytest.raises(ValueError, match=r"18 null sets are too few for 0\.05: 19 are needed"):
        null_threshold([0.5] * 18, 0.05)


@pytest.mark.parametrize("quantile", [0, 1, -0.1, 5, math.nan])
def test_a_quantile_is_between_nothing_and_all(quantile: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        null_threshold([0.5] * 50, quantile)


def test_a_null_with_a_set_that_was_not_measured_is_refused() -> None:
    with pytest.raises(ValueError, match="was not measured"):
        null_threshold([0.5] * 50 + [math.nan], 0.05)


@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3]) | st.floats(0, 1), min_size=20, max_size=60),
    st.floats(0.05, 0.95),
)
def test_no_more_null_sets_pass_than_the_quantile_allows(
    values: list[float], quantile: float
) -> None:
    """Each set held against the threshold of the others: its chance to pass, exactly."""
    passed = [
        value <= null_threshold(values[:place] + values[place + 1 :], quantile)
        for place, value in enumerate(values)
    ]
    assert sum(passed) <= quantile * len(values) + 1e-6


# NC by selection


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

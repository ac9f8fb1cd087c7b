"""How alike two texts are, by letters and by meaning."""

import math
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from candidates.selecting import NEAR_COPY
from candidates.similarity import cosine, lexical_similarity
from tests.candidates.canned import PROMPTS, SAID_TWICE, answers, every_language, reworded

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

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.languages import detect_language
from candidates.validity import find_defects, normalise
from demo.provider import LANGUAGES, Library

LIBRARY = Library()
GOOD = list(LIBRARY.texts["fr"]["prompts"]["bereavement"].values())[:4]


def defects(texts: list[str], **changes: object) -> list[str]:
    options: dict[str, object] = {
        "n": 4,
        "language": "fr",
        "words_min": 50,
        "words_max": 180,
        "finish_reasons": ["stop"],
    }
    return find_defects(texts, **(options | changes))  # type: ignore[arg-type]


def test_four_good_texts_have_no_defect() -> None:
    assert defects(GOOD) == []


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_too_few_are_a_defect(n: int) -> None:
    assert f"wrong number of responses: {n} instead of 4" in defects(GOOD[:n])


def test_an_empty_one_is_a_defect() -> None:
    assert "response 2: empty" in defects([GOOD[0], "", *GOOD[2:]])


def test_twins_are_found_through_case_spacing_and_punctuation() -> None:
    twin = GOOD[0].upper().replace(".", " !").replace(" ", "  ")
    assert "responses 1 and 2 are the same text" in defects([GOOD[0], twin, *GOOD[2:]])


@pytest.mark.parametrize(
    "token",
    ["<|end_of_text|>", "<think>", "</think>", "[INST]", "<s>", "EMPTY STRING", "<|im_end|>"],
)
def test_leaked_tokens_are_found(token: str) -> None:
    found = defects([*GOOD[:3], f"{GOOD[3]} {token}"])
    assert found == ["response 4: contains a special token"]


def test_lengths_outside_the_budget_are_found() -> None:
    assert any("words, outside 50 to 60" in defect for defect in defects(GOOD, words_max=60))


def test_a_length_limit_is_a_defect() -> None:
    assert defects(GOOD, finish_reasons=["stop", "length"])[0].startswith("truncated")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_canned_text_is_in_its_language_and_budget(language: str) -> None:
    texts = LIBRARY.texts[language]
    for group in [*texts["prompts"].values(), *texts["generic"].values()]:
        found = defects(list(group.values()), n=5, language=language, words_min=60, words_max=160)
        assert found == []


def test_a_text_in_no_language_is_told() -> None:
    assert detect_language("12345 67890") == ""
    assert "response 1: language is unknown, not fr" in defects(["12345 67890", *GOOD[1:]])


def test_hindi_words_keep_their_vowels() -> None:
    assert normalise("का") != normalise("की")
    assert normalise("हिन्दी, में।") == "हिन्दी में"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)

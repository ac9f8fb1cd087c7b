"""How different the responses of a set are, and what is shown of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candidates.diversity import measure, null_threshold, too_similar
from tests.candidates.canned import PROMPTS, answers, every_language

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

"""The statistics of a comparison against values worked by hand."""

import pytest

from candidates.comparison.comparing import compare, difference
from candidates.comparison.records import SetRecord
from candidates.comparison.resampling import Resampling
from candidates.comparison.wording import written
from tests.candidates.comparison.sets import a_set


def test_a_difference_is_of_the_prompt_texts_that_both_have() -> None:
    a = [a_set("p1", lexical=0.2), a_set("p2", lexical=0.3), a_set("p3", lexical=None)]
    b = [a_set("p1", lexical=0.6), a_set("p2", lexical=0.5), a_set("p3", lexical=0.1)]
    found = difference(a, b, "lexical", Resampling(["p1", "p2", "p3"]))
    assert found["value"] == pytest.approx(-0.3)
    assert found["n"] == 2
    assert found["high"] < 0


def test_what_no_endpoint_measured_is_not_measured() -> None:
    result = compare([a_set("p1", None), a_set("p2", None)], {}, draws=20)
    english = result["groups"][0]
    assert english["figures"]["semantic"]["value"] is None
    assert written(english["figures"]["semantic"], "semantic") == "not measured (n = 0)"
    assert english["coverage"]["survival"]["coverage"]["value"] is None
    assert english["coverage"]["survival"]["not_judged"] == 2


def test_attempts_and_reasons_are_counted() -> None:
    lucky = a_set("p1")
    failed = SetRecord(
        sampler="a v1",
        prompt="p2",
        language="en",
        ready=False,
        valid_attempts=1,
        refused_attempts=3,
        attempts=3,
        reasons=[
            "response 1: language is fr, not en",
            "response 2: language is fr, not en",
            "lexical similarity 0.912 is over the threshold 0.500",
        ],
        price=3.0,
        seconds=1.5,
    )
    english = compare([lucky, failed], {}, draws=20)["groups"][0]
    figures = english["figures"]
    assert (figures["ready"]["value"], figures["ready"]["n"]) == (0.5, 2)
    assert (figures["valid"]["value"], figures["valid"]["n"]) == (0.5, 4)
    assert (figures["refused"]["value"], figures["refused"]["n"]) == (0.75, 4)
    assert (figures["price"]["value"], figures["seconds"]["value"]) == (1.5, 0.75)
    assert figures["words"]["n"] == 0
    assert english["reasons"] == {
        "language is fr, not en": 2,
        "lexical similarity # is over the threshold #": 1,
    }

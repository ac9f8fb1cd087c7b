"""The pictures of a comparison."""

from candidates.comparison.comparing import compare
from candidates.comparison.pictures import picture
from candidates.comparison.report import page_context
from tests.candidates.comparison.sets import a_set


def test_a_picture_has_a_text_alternative_and_leaves_out_what_has_no_value() -> None:
    known = {"value": 0.5, "low": 0.25, "high": 1.0, "n": 3}
    unknown = {"value": None, "low": None, "high": None, "n": 0}
    found = picture("Title", [("a", known, "lexical"), ("b", unknown, "lexical")], low=0, high=1)
    assert found["text"] == "a: 0.500 [0.250, 1.000] (n = 3)"
    assert [(row["low"], row["x"], row["high"]) for row in found["rows"]] == [
        ("400.0", "500.0", "700.0")
    ]


def test_a_page_shows_no_picture_without_a_value() -> None:
    report = compare([a_set("p1", lexical=None)], {}, draws=10)
    assert page_context(report)["pictures"] == []

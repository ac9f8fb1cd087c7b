"""Coverage of value poles against values worked by hand, and against a known truth."""

import math
import random

import pytest

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.coverage import (
    JudgeError,
    corrected_coverage,
    coverage,
    judge_errors,
    raw_coverage,
    uncovered,
)
from candidates.comparison.resampling import Resampling
from tests.candidates.comparison.sets import a_set


@pytest.mark.parametrize("true", [0, 1, 2, 4])
def test_the_correction_of_a_set_is_right_on_average(true: int) -> None:
    # Exactly: the sum over all numbers seen, by their chances.
    sensitivity, specificity, n = 0.8, 0.9, 4

    def chance(seen: int) -> float:
        return sum(
            math.comb(true, k)
            * sensitivity**k
            * (1 - sensitivity) ** (true - k)
            * math.comb(n - true, seen - k)
            * (1 - specificity) ** (seen - k)
            * specificity ** (n - true - seen + k)
            for k in range(max(0, seen - n + true), min(true, seen) + 1)
        )

    mean = sum(chance(k) * uncovered(n, k, sensitivity, specificity) for k in range(n + 1))
    assert mean == pytest.approx(1.0 if true == 0 else 0.0)


def test_of_single_responses_the_correction_is_rogan_and_gladens() -> None:
    seen = [1] * 31 + [0] * 69
    mean = sum(uncovered(1, k, 0.8, 0.9) for k in seen) / 100
    assert 1 - mean == pytest.approx(0.3)  # (0.31 + 0.9 - 1) / (0.8 + 0.9 - 1)


def test_the_corrected_coverage_finds_a_simulated_truth_that_the_raw_one_misses() -> None:
    chance = random.Random(7)
    rates = {"en": (0.9, 0.95), "hi": (0.7, 0.85)}
    records, labelled, truth = [], [], []
    for prompt in range(400):
        for language, (sensitivity, specificity) in rates.items():
            of_pole = [chance.random() < 0.12 for _response in range(4)]
            truth.append(any(of_pole))
            said = [
                "traditional"
                if chance.random() < (sensitivity if yes else 1 - specificity)
                else "neither"
                for yes in of_pole
            ]
            records.append(a_set(f"p{prompt}", *said, language=language))
    for language, (sensitivity, specificity) in rates.items():
        for _text in range(1500):
            yes = chance.random() < 0.4
            hit = chance.random() < (sensitivity if yes else 1 - specificity)
            labelled.append(
                (
                    language,
                    frozenset({"traditional"} if yes else ()),
                    {"secular_traditional": "traditional" if hit else "neither"},
                )
            )
    errors = {code: poles["traditional"] for code, poles in judge_errors(labelled).items()}
    resampling = Resampling((r.prompt for r in records), draws=300)
    cells = coverage(records, "traditional")
    raw, corrected = (
        raw_coverage(cells, resampling),
        corrected_coverage(cells, errors, resampling),
    )
    true = sum(truth) / len(truth)
    assert raw["value"] > true + 0.05
    assert raw["low"] > true
    assert corrected["value"] == pytest.approx(true, abs=0.04)
    assert corrected["low"] < true < corrected["high"]
    assert corrected["n"] == raw["n"] == 800


def test_coverage_by_hand_and_a_set_with_an_unjudged_response_is_left_out() -> None:
    records = [
        a_set("p1", "traditional", "survival", "neither", "neither"),
        a_set("p2", "secular_rational", "survival", "neither", "neither"),
        a_set("p3", "traditional", None, "neither", "neither"),
    ]
    resampling = Resampling(["p1", "p2", "p3"], draws=50)
    found = {pole: raw_coverage(coverage(records, pole), resampling) for pole in AXIS_OF}
    assert {pole: (f["value"], f["n"]) for pole, f in found.items()} == {
        "traditional": (0.5, 2),
        "secular_rational": (0.5, 2),
        "survival": (1.0, 2),
        "self_expression": (0.0, 2),
    }


def test_a_perfect_judge_leaves_coverage_as_it_is() -> None:
    records = [a_set("p1", "traditional"), a_set("p2", "survival")]
    resampling = Resampling(["p1", "p2"], draws=50)
    perfect = {"en": JudgeError(positives=5, found=5, negatives=5, passed=5)}
    assert corrected_coverage(coverage(records, "traditional"), perfect, resampling)["value"] == 0.5


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (JudgeError(0, 0, 5, 5), "no labelled text of this pole"),
        (JudgeError(5, 5, 0, 0), "every labelled text is of this pole"),
        (JudgeError(10, 5, 10, 5), "the judge does no better than chance"),
        (None, "no labelled texts"),
    ],
)
def test_what_cannot_be_corrected_is_not_corrected_and_says_why(
    error: JudgeError | None, reason: str
) -> None:
    records = [a_set("p1", "traditional"), a_set("p2", "survival")]
    found = corrected_coverage(
        coverage(records, "traditional"),
        {"en": error} if error else {},
        Resampling(["p1", "p2"], draws=10),
    )
    assert found["value"] is found["low"] is None
    assert found["note"] == f"not corrected: en: {reason}"


def test_the_judge_is_measured_by_language_and_pole() -> None:
    said = {"secular_traditional": "traditional", "survival_expression": None}
    found = judge_errors(
        [
            ("en", frozenset({"traditional"}), said),
            ("en", frozenset({"secular_rational", "survival"}), said),
            ("hi", frozenset(), {}),
        ]
    )
    assert found == {
        "en": {"traditional": JudgeError(1, 1, 1, 0), "secular_rational": JudgeError(1, 0, 1, 1)}
    }

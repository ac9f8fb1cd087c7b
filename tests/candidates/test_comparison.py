"""The statistics of a comparison against values worked by hand, and against a known truth."""

import math
import random

import pytest

from candidates.comparison import (
    AXIS_OF,
    JudgeError,
    Resampling,
    Response,
    SetRecord,
    compare,
    corrected_coverage,
    coverage,
    difference,
    judge_errors,
    quantile,
    raw_coverage,
    rogan_gladen,
    uncovered,
)
from candidates.judge import read_poles, read_score
from candidates.report import page_context, picture, written


def judged(*poles: str | None) -> list[Response]:
    """Responses of which each speaks for one pole, `neither`, or was not judged (None)."""
    return [
        Response(
            source="nc",
            text="word " * 10,
            poles={
                axis: None if pole is None else pole if AXIS_OF.get(pole) == axis else "neither"
                for axis in ("secular_traditional", "survival_expression")
            },
        )
        for pole in poles
    ]


def a_set(
    prompt: str = "p1",
    *poles: str | None,
    sampler: str = "a v1",
    language: str = "en",
    lexical: float | None = 0.5,
) -> SetRecord:
    return SetRecord(
        sampler=sampler,
        prompt=prompt,
        language=language,
        ready=True,
        valid_attempts=1,
        refused_attempts=0,
        attempts=1,
        measures={"lexical": lexical, "semantic": None},
        responses=judged(*poles),
    )


def test_rogan_and_gladen_by_hand() -> None:
    # 0.8 of a true 0.3 and 0.1 of the other 0.7 are seen: 0.24 + 0.07.
    assert rogan_gladen(0.31, 0.8, 0.9) == pytest.approx(0.3)
    assert rogan_gladen(0.05, 0.8, 0.9) == 0
    assert rogan_gladen(0.95, 0.8, 0.9) == 1
    assert rogan_gladen(0.4, 1, 1) == pytest.approx(0.4)


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.2, 0.3)])
def test_a_judge_that_is_no_better_than_chance_corrects_nothing(
    rates: tuple[float, float],
) -> None:
    assert rogan_gladen(0.4, *rates) is None


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
    assert 1 - mean == pytest.approx(rogan_gladen(0.31, 0.8, 0.9))


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


def test_a_mean_and_its_interval_are_of_prompts_not_of_sets() -> None:
    # Two prompts of which each always gives the same: sets add nothing.
    resampling = Resampling(["p1", "p2"])
    few = resampling.mean({"p1": [0.0], "p2": [1.0]})
    many = resampling.mean({"p1": [0.0] * 50, "p2": [1.0] * 50})
    assert (many["value"], many["low"], many["high"]) == (0.5, 0.0, 1.0)
    assert (few["low"], few["high"]) == (0.0, 1.0)
    assert (many["n"], many["prompts"]) == (100, 2)


def test_an_interval_of_many_prompts_is_the_usual_one() -> None:
    chance = random.Random(3)
    values = {f"p{i}": [chance.gauss(0.4, 0.1)] for i in range(200)}
    found = Resampling(values).mean(values)
    half = 1.96 * 0.1 / math.sqrt(200)
    assert found["value"] - found["low"] == pytest.approx(half, rel=0.15)
    assert found["high"] - found["value"] == pytest.approx(half, rel=0.15)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = {"p1": [0.1], "p2": [0.5], "p3": [0.2]}
    assert Resampling(values).mean(values) == Resampling(values).mean(values)


def test_of_one_prompt_there_is_a_mean_and_no_interval() -> None:
    found = Resampling(["p1"]).mean({"p1": [1.0, 2.0]})
    assert (found["value"], found["low"], found["n"]) == (1.5, None, 2)
    assert written(found, "lexical") == "1.500 (no interval; n = 2)"


def test_quantiles_by_hand() -> None:
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 1.0) == 5
    assert quantile([7], 0.025) == 7


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


@pytest.mark.parametrize(
    ("answer", "poles"),
    [
        (
            '{"secular_traditional": "traditional", "survival_expression": "neither"}',
            ("traditional", "neither"),
        ),
        (
            'Sure:\n```json\n{"secular_traditional": "Secular-rational", '
            '"survival_expression": "self expression"}\n```',
            ("secular_rational", "self_expression"),
        ),
        ('{"secular_traditional": "survival"}', (None, None)),
        ('{"secular_traditional": ["traditional"], "survival_expression": "survival"}',
         (None, "survival")),
        ("traditional", (None, None)),
        ("[1]", (None, None)),
        ("", (None, None)),
    ],
)  # fmt: skip
def test_a_judges_answer_is_read_or_not_judged(
    answer: str, poles: tuple[str | None, str | None]
) -> None:
    said = read_poles(answer)
    assert (said["secular_traditional"], said["survival_expression"]) == poles


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ('{"score": 4}', 4),
        ('{"score": "3"}', 3),
        ('{"score": 5.0}', 5),
        ('{"score": 0}', None),
        ('{"score": 4.5}', None),
        ('{"score": true}', None),
        ('{"score": NaN}', None),
        ("4", None),
    ],
)
def test_a_score_is_read_or_not_judged(answer: str, score: int | None) -> None:
    assert read_score(answer) == score


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

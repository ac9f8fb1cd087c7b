"""What a judge answers is read, or not judged."""

import pytest

from candidates.comparison.judge import read_poles, read_score


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

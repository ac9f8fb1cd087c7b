"""Checks annotators: that each answer, refusal and question not shown is told apart."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exports.formats import meanings
from exports.formats.annotators import CHOICES, FORMAT
from exports.validators.problems import Fault, Problem, Row, check_rows, required

PARTS = {"status", "code", "label", "number"}


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Everything in which rows differ from the codebook or from themselves."""
    return check_rows(FORMAT, rows, key=("annotator_id",), rule=_rule)


def _rule(row: Row) -> Iterator[Fault]:
    yield from required(row, "annotator_id", "wave", "phase", *FORMAT.names[-6:])
    if row["consent_take_part"] not in ("given", None):  # None: the column is not this recipient's
        yield "consent", "Somebody who does not take part is among the people."
    for question in CHOICES:
        yield from _answer(question, row[question], row[f"{question}_status"])
    age = row["age"] if row["age"] is not None else row["age_band"]
    yield from _answer("age", age, row["age_status"])
    for name in ("answers", "special_answers"):
        for question, answer in json.loads(row[name] or "{}").items():
            yield from _stored(question, answer)


def _answer(question: str, value: Any, status: str | None) -> Iterator[Fault]:
    if (value is not None) != (status == "answered"):
        yield "answer", f"{question} has a value and is not answered, or the other way round."


def _stored(question: str, answer: Mapping[str, Any]) -> Iterator[Fault]:
    if set(answer) != PARTS or answer["status"] not in (None, *meanings.ANSWER):
        yield "answer", f"The answer to {question} is not made of status, code, label and number."
        return
    value = answer["code"] if answer["code"] is not None else answer["number"]
    yield from _answer(question, value, answer["status"])

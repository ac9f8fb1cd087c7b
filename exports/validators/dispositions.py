"""Checks dispositions: that a row which only counts says nothing of the person."""

from collections.abc import Iterable, Iterator

from exports.formats.dispositions import FORMAT
from exports.validators.problems import Fault, Problem, Row, check_rows, required

OF_EVERYBODY = (
    "left_out", "prompt_key", "candidate_set_id", "sampler", "sampler_version",
    "country", "language", "phase", "is_retest",
    "disposition",
)  # fmt: skip
OF_A_PLACE = ("prompt_key", "candidate_set_id", "country", "language")  # a release may hide all
OF_A_PERSON = tuple(name for name in FORMAT.names if name not in OF_EVERYBODY)


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Everything in which rows differ from the codebook or from themselves."""
    return check_rows(FORMAT, rows, key=("grant_id",), rule=_rule)


def _rule(row: Row) -> Iterator[Fault]:
    hidden = row["left_out"] and all(row[name] is None for name in OF_A_PLACE)
    yield from required(row, *(set(OF_EVERYBODY[:-1]) - set(OF_A_PLACE if hidden else ())))
    if row["left_out"]:
        for name in OF_A_PERSON:
            if row[name] is not None:
                yield "left out", f"A row that only counts has a value of {name}."
        return
    yield from required(row, "grant_id", "annotator_id", "slot_ordinal", "batch")
    if row["probability"] is not None and not 0 < row["probability"] <= 1:
        yield "probability", "The probability is not above 0 and at most 1."
    if row["probability"] is not None and row["rule"] is None:
        yield "probability", "A probability comes with the version of its rule."
    if row["granted_at"] is not None and row["ended_at"] is not None and row["disposition"] is None:
        yield "disposition", "It has ended and does not say how."

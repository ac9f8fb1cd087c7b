"""Checks candidates: that every row says where it came from, and that refusals say why."""

from collections.abc import Iterable, Iterator

from exports.formats.candidates import FORMAT
from exports.validators.problems import Fault, Problem, Row, check_rows, required

OF_A_SET = (
    "result", "candidate_set_id", "set_status", "live", "language", "arm", "replicate", "context",
    "judgements", "reasons", "measures", "control",
)  # fmt: skip
OF_A_CANDIDATE = (
    "candidate_id", "position", "text", "source", "generation_index", "candidate_language",
)  # fmt: skip
OF_A_CALL = ("call_id", "attempt", "part", "draw", "endpoint", "request", "cost", "canned")


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Everything in which rows differ from the codebook or from themselves."""
    return check_rows(FORMAT, rows, key=("candidate_set_id", "candidate_id", "call_id"), rule=_rule)


def _rule(row: Row) -> Iterator[Fault]:
    missing = list(required(row, *OF_A_SET))
    yield from missing or _whole(row)


def _whole(row: Row) -> Iterator[Fault]:
    is_candidate = row["result"] == "candidate"
    if is_candidate:
        yield from required(row, *OF_A_CANDIDATE)
    elif any(row[name] is not None for name in OF_A_CANDIDATE):
        yield "result", "The row is no candidate and has the values of one."
    if row["result"] != "none":
        yield from required(row, *OF_A_CALL)
    elif any(row[name] is not None for name in OF_A_CALL):
        yield "result", "The row has no call and has the values of one."
    if (row["set_status"] == "refused") != (row["refused_for"] is not None):
        yield "refused", "A refused attempt names the set it was made for, and no other set does."
    if row["set_status"] == "refused" and (is_candidate or not row["reasons"]):
        yield "refused", "A refused attempt has reasons and no candidates."
    if (row["result"] == "error") != (row["error"] is not None):
        yield "error", "A call that failed says how, and no other does."
    if is_candidate and row["answer"] is not None:
        yield "answer", "The raw answer is given where no candidate holds its text."
    if row["live"] != (row["prompt"] is None):
        yield "prompt", "A pool set names its prompt, and no live set does."

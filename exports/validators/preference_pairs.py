"""Checks preference pairs against what TRL documents, and against our own columns.

TRL's "Dataset formats and types" (https://huggingface.co/docs/trl/dataset_formats): a
conversational preference dataset with explicit prompt has the columns `prompt`, `chosen` and
`rejected`; each is a list of messages with `role` and `content`; the prompt holds what came
before, and each completion what the assistant answers. Further columns are allowed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from exports.formats.preference_pairs import FORMAT
from exports.validators.problems import Fault, Problem, Row, check_rows, is_messages, required

TRL_COLUMNS = ("prompt", "chosen", "rejected")
KEY = ("conversation_id", "turn", "chosen_id", "rejected_id")


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Everything in which rows differ from TRL's format or from the codebook."""
    return check_rows(FORMAT, rows, key=KEY, rule=_rule)


def find_trl_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Only what TRL documents: for pairs of any origin, whatever columns they have besides."""
    for number, row in enumerate(rows, start=1):
        for rule, sentence in _trl(row):
            yield Problem(rule, number, sentence)


def _rule(row: Row) -> Iterator[Fault]:
    yield from _trl(row)
    missing = list(required(row, *FORMAT.names[3:15], "pairs_in_turn", "responses"))
    yield from missing or _ours(row)


def _ours(row: Row) -> Iterator[Fault]:
    messages = len(row["prompt"] or [])
    if messages != 2 * row["turn"] - 1:
        yield "history", f"The prompt of turn {row['turn']} has {messages} messages."
    if (row["rank_difference"] is None) == (row["basis"] == "ranks"):
        yield "rank", "A difference of ranks belongs to pairs whose basis is ranks, and only there."
    elif row["rank_difference"] is not None and row["rank_difference"] < 1:
        yield "rank", "The preferred response does not have the better rank."
    if row["basis"] == "chosen" and not row["chosen_continued"]:
        yield "rank", "Only the response that continued stands above one without a rank."
    if (row["score_margin"] is None) == (row["mode"] == "rating"):
        yield "score", "A margin of scores belongs to rating mode, and only there."
    elif row["score_margin"] is not None and row["score_margin"] < 1:
        yield "score", "The preferred response does not have the higher score."


def _trl(row: Row) -> Iterator[Fault]:
    for name in TRL_COLUMNS:
        if not is_messages(row.get(name)) or not row[name]:
            yield "messages", f"{name} is not a list of messages with role and content."
            return
    yield from _prompt(row["prompt"])
    for name in ("chosen", "rejected"):
        if [message["role"] for message in row[name]] != ["assistant"]:
            yield "completion", f"{name} is not one message of the assistant."
    if row["chosen"] == row["rejected"]:
        yield "preference", "chosen and rejected are the same."
    for name in TRL_COLUMNS:
        if not all(message["content"].strip() for message in row[name]):
            yield "empty", f"A message of {name} says nothing."


def _prompt(messages: Sequence[Any]) -> Iterator[Fault]:
    """The person and the assistant in turn, after an optional system message; she comes last."""
    roles = [message["role"] for message in messages]
    talk = roles[1:] if roles[0] == "system" else roles
    if not talk or talk != (["user", "assistant"] * len(talk))[: len(talk)] or talk[-1] != "user":
        yield "prompt", "The roles of prompt are not user and assistant in turn, ending with user."

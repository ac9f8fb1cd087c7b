"""Checks conversations: that the dialogue is the chosen path through what was shown."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exports.formats import meanings
from exports.formats.conversations import FORMAT
from exports.validators.problems import Fault, Problem, Row, check_rows, required

REQUIRED = (
    *FORMAT.names[:9], "ordinal", "sitting", "planned_turns", "done_turns", "live_arm", "words_withheld", "messages", "turns",
)  # fmt: skip


def find_problems(rows: Iterable[Row]) -> Iterator[Problem]:
    """Everything in which rows differ from the codebook or from themselves."""
    return check_rows(FORMAT, rows, key=("conversation_id",), rule=_rule)


def _rule(row: Row) -> Iterator[Fault]:
    missing = list(required(row, *REQUIRED))
    yield from missing or _whole(row)


def _whole(row: Row) -> Iterator[Fault]:
    turns = json.loads(row["turns"])
    if (row["kind"] == "pool") != (row["prompt"] is not None):
        yield "prompt", "A pool conversation names its prompt, and no other does."
    if row["done_turns"] > row["planned_turns"]:
        yield "turns", "More turns are done than were planned."
    if row["status"] == "finished" and row["done_turns"] != row["planned_turns"]:
        yield "status", "A finished conversation lacks a judgement."
    if not row["words_withheld"] and sum(_judged(turn) for turn in turns) != row["done_turns"]:
        yield "turns", "The turns do not hold as many judgements as are done."
    if [turn["turn"] for turn in turns] != list(range(1, len(turns) + 1)):
        yield "turns", "The turns are not numbered from 1."
    for turn in turns:
        yield from _turn(turn)
    if row["messages"] != list(_path(turns)):
        yield "path", "The messages are not the chosen path through the turns."


def _turn(turn: Mapping[str, Any]) -> Iterator[Fault]:
    responses = turn["responses"]
    chosen = [response for response in responses if response["chosen"]]
    place = f"Turn {turn['turn']}"
    if [response["letter"] for response in responses] != list("ABCDEFGHIJKL"[: len(responses)]):
        yield "letters", f"{place} does not list its responses by letter."
    if turn["mode"] not in meanings.MODE:
        yield "code", f"{place} has an unknown mode."
    if not _judged(turn):
        if chosen or any(r["rank"] is not None or r["score"] is not None for r in responses):
            yield "chosen", f"{place} has ranks and was not judged."
    elif len(chosen) != 1 or chosen[0]["rank"] != 1:
        yield "chosen", f"{place} has not one chosen response on rank 1."


def _judged(turn: Mapping[str, Any]) -> bool:
    return turn["submitted_at"] is not None or turn["acceptable"] is not None


def _path(turns: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    for turn in turns:
        yield {"role": "user", "content": turn["message"]}
        for response in turn["responses"]:
            if response["chosen"]:
                yield {"role": "assistant", "content": response["text"]}

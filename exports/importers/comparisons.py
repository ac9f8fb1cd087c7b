"""Our own `comparisons` in JSON Lines: its rows as dialogues.

Carried: who judged with whom, texts, order shown, ranks, scores, choices, opinions, reasons,
explanations, prompts, models, locales, waves and the answers about the person. Not carried:
times and measures, samplers, the phase (all become one closed study's main phase).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TextIO

from django.core.exceptions import ValidationError

from exports.formats.comparisons import FORMAT
from exports.importers.records import Dialogue, JudgedTurn, Person, Response, Tally

Row = Mapping[str, Any]
CODES = ("gender", "education", "politics", "ethnicity")


def read_rows(file: TextIO) -> Iterator[Row]:
    """The rows of a file. Raises ValidationError with the line that is no row of this format."""
    for number, line in enumerate(file, start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValidationError(f"Line {number} is not JSON: the file may be cut.") from error
        if not isinstance(row, dict) or not set(FORMAT.names) <= set(row):
            raise ValidationError(f"Line {number} is no row of the format {FORMAT.name}.")
        yield row


def read_dialogues(rows: Iterable[Row], tally: Tally) -> Iterator[Dialogue]:
    """Conversations; rows of one stand together and in order, as the format has them.

    Raises ValidationError where they do not: a part of a conversation would be lost.
    """
    seen: set[str] = set()
    for key, group in groupby(rows, key=lambda row: row["conversation_id"]):
        turns = list(group)
        tally.rows += len(turns)
        if key in seen or [row["turn"] for row in turns] != list(range(1, len(turns) + 1)):
            raise ValidationError(f"Turns of conversation {key} are missing or out of order.")
        seen.add(key)
        tally.dialogues += 1
        tally.turns += len(turns)
        first = turns[0]
        yield Dialogue(
            key=key,
            person=_person(first),
            language=first["language"],
            pool=first["kind"] == "pool",
            turns=[_turn(row) for row in turns],
            planned_turns=first["planned_turns"],
            prompt_key=first["prompt_key"] or "",
        )


def _turn(row: Row) -> JudgedTurn:
    parts = zip(row["responses"], row["models"], row["ranks"], row["scores"], strict=True)
    return JudgedTurn(
        message=row["message"],
        responses=[
            Response(position, text, model or "", rank, score)
            for position, (text, model, rank, score) in enumerate(parts)
        ],
        chosen=row["letters"].index(row["chosen"]),
        explanation=row["explanation"],
        mode=row["mode"],
        acceptable=row["acceptable"] or "",
        represents=row["represents"] or "",
        reason=row["reason"] or "",
    )


def _person(row: Row) -> Person:
    answers = {code: row[code] for code in CODES if row[code]}
    if row["age_band"]:
        answers["age"] = row["age_band"].replace("+", "-plus")
    return Person(
        key=row["annotator_id"],
        country=row["country"] or "",
        language=row["language"],
        wave=row["wave"],
        answers=answers,
        numbers={"age": row["age"]} if row["age"] is not None else {},
        refused=frozenset(row["refused"] or ()),
    )

"""PRISM's files read as dialogues: `survey.jsonl` and `conversations.jsonl`.

Layout: the codebook of HannahKirk/prism-alignment (https://arxiv.org/abs/2404.16019). Every
conversation there is opened by the person, every response has a score from 1 to 100, and the
one with the highest score continues. Carried: texts, scores, choices, models, and the
survey's categorical answers. Not carried, for want of a table: attributes, feedback, free
texts of the survey, the stated preferences, times. Countries are answers here, not locales.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify

from exports.importers.records import Dialogue, JudgedTurn, Person, Response, Tally
from exports.importers.texts import refuse_unstorable

Row = Mapping[str, Any]
EMPTY = "EMPTY STRING"
REFUSED = "Prefer not to say"
CATEGORIES = (
    "age",
    "gender",
    "employment_status",
    "education",
    "marital_status",
    "english_proficiency",
    "lm_familiarity",
    "lm_direct_use",
    "lm_indirect_use",
    "lm_frequency_use",
    "study_locale",
)
SIMPLIFIED = ("religion", "ethnicity")
PLACES = ("birth_country", "reside_country", "special_region")


def read_lines(path: Path) -> Iterator[Row]:
    """Objects of a JSON Lines file; a bare NaN, which the release may hold, is accepted.

    Raises ValidationError with file and line.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise ValidationError(f"{path.name}, line {number} is not JSON.") from error
                if not isinstance(row, dict):
                    raise ValidationError(f"{path.name}, line {number} is not an object.")
                refuse_unstorable(row, f"{path.name}, line {number}")
                yield row
    except FileNotFoundError as error:
        raise ValidationError(f"{path.name} is missing in {path.parent}.") from error
    except UnicodeDecodeError as error:
        raise ValidationError(f"{path.name} is not UTF-8.") from error


def read_dialogues(folder: Path, tally: Tally) -> Iterator[Dialogue]:
    """Every conversation of a release's folder, with the person who had it.

    A response that is empty or the release's mark for it is left out; a conversation ends
    before the first turn that then has no chosen response.
    """
    people = {row["user_id"]: _person(row) for row in read_lines(folder / "survey.jsonl")}
    for row in read_lines(folder / "conversations.jsonl"):
        tally.rows += 1
        turns = list(_turns(row["conversation_history"]))
        tally.turns_left_out += int(row["conversation_turns"]) - len(turns)
        person = people.get(row["user_id"])
        if not turns or person is None:
            tally.rows_left_out += 1
            continue
        tally.dialogues += 1
        tally.turns += len(turns)
        yield Dialogue(
            key=row["conversation_id"], person=person, language="en", pool=False, turns=turns
        )


def _turns(history: Iterable[Row]) -> Iterator[JudgedTurn]:
    messages: dict[int, str] = {}
    answers: dict[int, list[Row]] = {}
    for entry in history:
        if entry["role"] == "user":
            messages[entry["turn"]] = entry["content"]
        else:
            answers.setdefault(entry["turn"], []).append(entry)
    for number in sorted(messages):
        usable = [row for row in answers.get(number, []) if row["content"] not in {"", EMPTY}]
        # Identical texts are both flagged as chosen there: the better score is meant.
        chosen = max(
            (row for row in usable if row["if_chosen"]), key=lambda row: row["score"], default=None
        )
        if chosen is None:
            return
        yield JudgedTurn(
            message=messages[number],
            responses=[_response(row, usable) for row in usable],
            chosen=chosen["within_turn_id"],
        )


def _response(row: Row, all_of_turn: list[Row]) -> Response:
    """Ranks follow from scores: 1 is best, equal scores tie (1, 2, 2, 4)."""
    better = sum(other["score"] > row["score"] for other in all_of_turn)
    return Response(
        position=row["within_turn_id"],
        text=row["content"],
        model=f"{row['model_provider']}/{row['model_name']}",
        rank=better + 1,
        score=row["score"],
    )


def _person(row: Row) -> Person:
    said: dict[str, str | None] = {name: row[name] for name in CATEGORIES}
    said |= {name: row[name]["simplified"] for name in SIMPLIFIED}
    said |= {name: row["location"][name] for name in PLACES}
    refused = frozenset(name for name, label in said.items() if label == REFUSED)
    return Person(
        key=row["user_id"],
        country="",
        language="en",
        answers={
            name.replace("_", "-"): slugify(label)[:50]
            for name, label in said.items()
            if label and name not in refused
        },
        refused=frozenset(name.replace("_", "-") for name in refused),
    )

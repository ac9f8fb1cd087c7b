"""Our own `comparisons`, in any container: its rows as dialogues."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from django.core.exceptions import ValidationError

from exports.importers.records import Arm, Dialogue, JudgedTurn, Person, Response, Tally
from exports.validators.problems import Row

CODES = ("gender", "education", "politics", "ethnicity")


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
        try:
            yield _dialogue(key, turns)
        except (TypeError, ValueError) as error:
            raise ValidationError(
                f"Conversation {key} cannot be read: a list in it is missing or too short."
            ) from error


def _dialogue(key: str, turns: list[Row]) -> Dialogue:
    first = turns[0]
    return Dialogue(
        key=key,
        person=_person(first),
        language=first["language"],
        pool=first["kind"] == "pool",
        turns=[_turn(row) for row in turns],
        planned_turns=first["planned_turns"],
        prompt_key=first["prompt_key"] or "",
        prompt_version=first["prompt_version"],
        disposition=first["disposition"] or "completed",
        occasion=first["occasion"],
        place_in_plan=first["place_in_plan"],
        sitting=first["sitting"],
        live_arm=next((_arm(row) for row in turns if row["set_origin"] == "live"), None),
    )


def _arm(row: Row) -> Arm:
    return Arm(row["sampler"], row["sampler_version"], row["strategy"])


def _turn(row: Row) -> JudgedTurn:
    lists = ("responses", "models", "ranks", "scores", "candidate_ids")
    parts = zip(*(row[name] for name in lists), strict=True)
    return JudgedTurn(
        message=row["message"],
        responses=[
            Response(position, text, model or "", rank, score, key)
            for position, (text, model, rank, score, key) in enumerate(parts)
        ],
        chosen=row["letters"].index(row["chosen"]),
        explanation=row["explanation"],
        mode=row["mode"],
        acceptable=row["acceptable"] or "",
        represents=row["represents"] or "",
        reason=row["reason"] or "",
        set_key=row["candidate_set_id"],
        arm=_arm(row),
        said=_measured(row, "message") | _times(row, "started_at", "shown_at"),
        judged={name: row[name] or "" for name in ("layout", "viewport")}
        | _times(row, "submitted_at"),
        explained=_measured(row, "explanation"),
    )


def _times(row: Row, *names: str) -> dict[str, datetime]:
    """Those that this recipient was given."""
    return {name: row[name] for name in names if row[name] is not None}


def _measured(row: Row, text: str) -> dict[str, str | int | None]:
    return {
        "detected_language": row[f"{text}_language"] or "",
        "script": row[f"{text}_script"] or "",
        "pasted": row[f"{text}_pasted"],
    }


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

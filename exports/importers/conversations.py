"""Our own `conversations`: whole dialogues, also those that were left, with all that was shown."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from exports.importers.records import Arm, Dialogue, JudgedTurn, Person, Response, Tally
from exports.importers.texts import read_json
from exports.validators.problems import Row

# Who was shown a help line is told as one who broke off; inside, that is the one such status.
STATUS = {"broke_off": "helped"}
DISPOSITIONS = {
    "open": "",
    "finished": "completed",
    "failed": "generation_failed",
}  # else as the status
# What the file tells of somebody whose own words stayed away.
WITHHELD = {"take_part": "given", "release_choices": "given", "release_free_text": "declined"}


def read_dialogues(rows: Iterable[Row], tally: Tally) -> Iterator[Dialogue]:
    """One dialogue a row. A conversation of the pool whose first turn is missing is left out.

    Raises ValidationError where the turns of a row are not as the format has them.
    """
    for row in rows:
        tally.rows += 1
        place = f"Conversation {row['conversation_id']}"
        try:
            turns = [_turn(turn) for turn in read_json(row["turns"], place)]
            dialogue = _dialogue(row, turns)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValidationError(
                f"{place} cannot be read: its turns are not as the format has them."
            ) from error
        if dialogue.pool and not turns:
            tally.rows_left_out += 1
            continue
        tally.dialogues += 1
        tally.turns += len(turns)
        yield dialogue


def _dialogue(row: Row, turns: list[JudgedTurn]) -> Dialogue:
    status = row["status"] or "finished"
    return Dialogue(
        key=row["conversation_id"],
        person=Person(
            key=row["annotator_id"],
            country=row["country"] or "",
            language=row["language"],
            wave=row["wave"],
            consents=WITHHELD if row["words_withheld"] else None,
        ),
        language=row["language"],
        pool=row["kind"] == "pool",
        turns=turns,
        planned_turns=row["planned_turns"],
        prompt_key=row["prompt_key"] or "",
        prompt_version=row["prompt_version"],
        status=STATUS.get(status, status),
        skip_reason=row["skip_reason"] or "",
        disposition=DISPOSITIONS.get(status, status),
        occasion=int(row["is_retest"]),
        place_in_plan=row["place_in_plan"],
        sitting=row["sitting"],
        told={name: row[name] for name in ("opened_at", "ended_at") if row[name] is not None},
        live_arm=Arm(row["live_sampler"], row["live_sampler_version"]),
    )


def _times(turn: dict[str, Any], name: str) -> dict[str, datetime]:
    """A time, if this recipient was given it."""
    return {name: datetime.fromisoformat(turn[name])} if turn[name] else {}


def _turn(turn: dict[str, Any]) -> JudgedTurn:
    responses = [
        Response(
            position=position,
            text=response["text"],
            rank=response["rank"],
            score=response["score"],
            key=response["candidate_id"],
            visible_seconds=response["visible_seconds"],
        )
        for position, response in enumerate(turn["responses"])
    ]
    chosen = [place for place, one in enumerate(turn["responses"]) if one["is_chosen"]]
    return JudgedTurn(
        message=turn["message"],
        responses=responses,
        chosen=chosen[0] if chosen else None,
        explanation=turn["explanation"],
        mode=turn["mode"],
        acceptable=turn["acceptable"] or "",
        represents=turn["represents"] or "",
        reason=turn["reason"] or "",
        set_key=turn["candidate_set_id"],
        said=_times(turn, "shown_at"),
        judged=_times(turn, "submitted_at"),
        arm=Arm(turn["sampler"], turn["sampler_version"]),
    )

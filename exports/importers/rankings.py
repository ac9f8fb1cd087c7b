"""Our own `rankings`: the judgements as dialogues whose texts stand in `candidates`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.core.exceptions import ValidationError

from exports.importers.records import Arm, Dialogue, JudgedTurn, MadeSet, Person, Response, Tally
from exports.validators.problems import Row


@dataclass(frozen=True)
class Answered:
    """What a set answered: the last message before it, and the pool's prompt, if it was one."""

    message: str
    language: str
    prompt_key: str
    prompt_version: int | None


def what_was_answered(sets: Iterable[MadeSet]) -> dict[str, Answered]:
    """By the set's key. Memory grows with the messages alone."""
    return {
        made.key: Answered(
            made.context[-1]["content"],
            made.language,
            made.prompt.key if made.prompt else "",
            made.prompt.version if made.prompt else None,
        )
        for made in sets
    }


def read_dialogues(
    rows: Iterable[Row],
    tally: Tally,
    answered: Mapping[str, Answered],
    people: Mapping[str, Person],
) -> Iterator[Dialogue]:
    """Conversations of as many turns as were judged. Raises ValidationError where rows of a
    conversation are missing or out of order, or a set is in no file."""
    seen: set[str] = set()
    for key, group in groupby(rows, key=lambda row: row["conversation_id"]):
        turns = [list(part) for _turn, part in groupby(group, key=lambda row: row["turn"])]
        tally.rows += sum(map(len, turns))
        firsts = [turn[0] for turn in turns]
        whole = all(
            [row["place_shown"] for row in turn] == list(range(1, turn[0]["candidates_shown"] + 1))
            for turn in turns
        )
        if (
            key in seen
            or not whole
            or [row["turn"] for row in firsts] != list(range(1, len(turns) + 1))
        ):
            raise ValidationError(f"Rows of conversation {key} are missing or out of order.")
        seen.add(key)
        for row in firsts:
            if row["candidate_set_id"] not in answered:
                raise ValidationError(
                    f"Set {row['candidate_set_id']} is not in the file of candidates."
                )
        tally.dialogues += 1
        tally.turns += len(turns)
        yield _dialogue(key, turns, answered, people)


def _dialogue(
    key: str,
    turns: list[list[Row]],
    answered: Mapping[str, Answered],
    people: Mapping[str, Person],
) -> Dialogue:
    first = turns[0][0]
    opening = answered[first["candidate_set_id"]]
    person = Person(first["annotator_id"], "", opening.language, first["wave"])
    live = [turn[0] for turn in turns if turn[0]["turn"] > 1 or first["kind"] == "own"]
    return Dialogue(
        key=key,
        person=people.get(person.key, person),
        language=opening.language,
        pool=first["kind"] == "pool",
        turns=[_turn(turn, answered[turn[0]["candidate_set_id"]].message) for turn in turns],
        prompt_key=opening.prompt_key,
        prompt_version=opening.prompt_version,
        occasion=int(first["is_retest"]),
        live_arm=_arm(live[0]) if live else None,
    )


def _arm(row: Row) -> Arm:
    return Arm(row["sampler"], row["sampler_version"], row["strategy"])


def _turn(rows: list[Row], message: str) -> JudgedTurn:
    first = rows[0]
    chosen = [place for place, row in enumerate(rows) if row["is_chosen"]]
    if not chosen:
        raise ValidationError(
            f"Turn {first['turn']} of conversation {first['conversation_id']} has no chosen row."
        )
    return JudgedTurn(
        message=message,
        responses=[
            Response(
                position=place,
                text="",  # of the candidate, which is stored
                model=row["model"] or "",
                rank=row["rank"],
                score=row["score"],
                key=row["candidate_id"],
                visible_seconds=row["visible_seconds"],
            )
            for place, row in enumerate(rows)
        ],
        chosen=chosen[0],
        mode=first["mode"],
        set_key=first["candidate_set_id"],
        arm=_arm(first),
    )

"""A conversation as it was shown and judged, to be read by the team."""

from dataclasses import dataclass
from typing import Any

from annotation.models import Conversation, Turn


@dataclass(frozen=True)
class TranscriptAnswer:
    letter: str
    text: str
    rank: int | None
    score: int | None
    chosen: bool
    provenance: str


@dataclass(frozen=True)
class TranscriptTurn:
    position: int
    started_at: Any
    message: str
    mode: str
    judged: bool
    answers: list[TranscriptAnswer]
    opinions: str
    explained: bool
    explanation_text: str
    letters_named: str


def transcript(conversation: Conversation) -> list[TranscriptTurn]:
    """The conversation as it was shown and judged, turn by turn."""
    turns = conversation.turns.select_related("ranking", "explanation").prefetch_related(
        "shown__candidate__generation", "shown__candidate__candidate_set__sampler",
        "ranking__rows", "explanation__mentions",
    )  # fmt: skip
    return [_transcript_turn(turn) for turn in turns]


def _transcript_turn(turn: Turn) -> TranscriptTurn:
    ranking = getattr(turn, "ranking", None)
    explanation = getattr(turn, "explanation", None)
    ranked = {row.candidate_id: row for row in ranking.rows.all()} if ranking else {}
    opinions = ""
    if ranking:
        opinions = (
            f"any acceptable: {ranking.get_acceptable_display()} · "
            f"any represents: {ranking.get_represents_display()} {ranking.reason}"
        )
    return TranscriptTurn(
        position=turn.position,
        started_at=turn.started_at,
        message=turn.message,
        mode=turn.get_mode_display(),
        judged=ranking is not None,
        answers=[
            TranscriptAnswer(
                letter=row.letter,
                text=row.candidate.text,
                rank=getattr(ranked.get(row.candidate_id), "rank", None),
                score=getattr(ranked.get(row.candidate_id), "score", None),
                chosen=ranking is not None and ranking.chosen_id == row.candidate_id,
                provenance=", ".join(
                    f"{name} {value}" for name, value in row.candidate.provenance().items()
                ),
            )
            for row in turn.shown.all()
        ],
        opinions=opinions,
        explained=explanation is not None,
        explanation_text=explanation.text if explanation else "",
        letters_named=_letters_named(turn) if explanation else "",
    )


def _letters_named(turn: Turn) -> str:
    """The letters found in an explanation, in its order: "B, A"."""
    letters = {row.candidate_id: row.letter for row in turn.shown.all()}
    return ", ".join(letters[row.candidate_id] for row in turn.explanation.mentions.all())

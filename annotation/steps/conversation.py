"""Where a conversation stands, read off what is stored: what its last turn asks for now."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db.models import prefetch_related_objects

from annotation.dealing.seeds import falls_in_share
from annotation.models import (
    Conversation,
    Explanation,
    Turn,
)
from annotation.models.parts import ExplanationPolicy
from annotation.queries.remembered import is_known
from candidates.languages import Label, is_clearly_other
from candidates.models import CandidateSet


class TurnStep(Enum):
    """What an open conversation asks for now."""

    WRITE_PROMPT = "write_prompt"
    WAIT = "wait"
    FAILED = "failed"
    RANK = "rank"
    EXPLAIN = "explain"
    ENDED = "ended"


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands: the step, its turn, and all turns so far."""

    step: TurnStep
    turn: Turn | None
    turns: list[Turn]


def standing(conversation: Conversation) -> Standing:
    turns = _turns_of(conversation)
    if not conversation.is_open:
        return Standing(TurnStep.ENDED, turns[-1] if turns else None, turns)
    if not turns:
        return Standing(TurnStep.WRITE_PROMPT, None, turns)
    unexplained = [turn for turn in turns if is_ranked(turn) and explanation_due(turn)]
    if unexplained:
        return Standing(TurnStep.EXPLAIN, unexplained[0], turns)
    turn = turns[-1]
    if is_ranked(turn):
        return Standing(TurnStep.ENDED, turn, turns)
    status = turn.candidate_set.status
    if status == CandidateSet.Status.READY:
        return Standing(TurnStep.RANK, turn, turns)
    if status == CandidateSet.Status.PENDING:
        return Standing(TurnStep.WAIT, turn, turns)
    return Standing(TurnStep.FAILED, turn, turns)


def _turns_of(conversation: Conversation) -> list[Turn]:
    """All so far, with what was chosen; of a conversation opened just now they are known."""
    if is_known(conversation, "turns"):
        return list(conversation.turns.all())
    turns = list(conversation.turns.select_related("candidate_set", "ranking", "explanation"))
    prefetch_related_objects([turn.ranking for turn in turns if is_ranked(turn)], "chosen")
    return turns


def wrote_in_other_language(conversation: Conversation, turns: list[Turn]) -> bool:
    """Whether what she wrote last in a conversation is clearly not in its language."""
    written: list[tuple[datetime, str, Turn | Explanation]] = [
        (turn.started_at, turn.message, turn) for turn in turns
    ]
    written += [
        (turn.explanation.written_at, turn.explanation.text, turn.explanation)
        for turn in turns
        if hasattr(turn, "explanation")
    ]
    if not written:
        return False
    _when, text, row = max(written, key=lambda entry: entry[0])
    label = Label(row.detected_language, row.script)
    return is_clearly_other(text, label, conversation.locale.language)


def is_ranked(turn: Turn) -> bool:
    return hasattr(turn, "ranking")


def explanation_due(turn: Turn) -> bool:
    return not hasattr(turn, "explanation") and explanation_asked(turn)


def explanation_asked(turn: Turn) -> bool:
    """Whether this turn is among the share whose choice is to be explained.

    Drawn from her seed and the turn's place, so that nobody can know it before ranking and
    every look at the turn finds the same.
    """
    conversation = turn.conversation
    participation = conversation.participation
    wave = participation.wave
    return wave.explanation_policy != ExplanationPolicy.OFF and falls_in_share(
        wave.explanation_share,
        participation.seed, "explanation", conversation.ordinal, turn.position,
    )  # fmt: skip

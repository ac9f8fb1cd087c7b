"""Where a person and a conversation stand, read off what is stored.

No status column is kept in step by hand: closing the tab at any moment and coming
back finds the same answer, because the answer is computed from the same rows.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects

from accounts.models import (
    Annotator,
    Answer,
    Consent,
    Instrument,
    Purpose,
    Question,
    QuestionQuerySet,
)
from annotation.dealing.seeds import RETEST, PlannedConversation, falls_in_share, plan_conversations
from annotation.models import (
    Conversation,
    Explanation,
    Participation,
    Study,
    Turn,
)
from annotation.models.parts import ExplanationPolicy
from annotation.queries.prepared import prepared
from annotation.queries.remembered import is_known
from annotation.steps.placements import Placed, placed_for
from annotation.steps.room import rests, study_pauses
from annotation.steps.sittings import came_too_late, may_open_more
from candidates.languages import Label, is_clearly_other
from candidates.models import CandidateSet


class Step(Enum):
    """The screens of a participation, in order. Values name the URLs."""

    COUNTRY = "country"
    PAUSED = "paused"
    LANGUAGE = "language"
    QUOTA = "quota"
    CONSENT = "consent"
    GUIDELINES = "guidelines"
    PRACTICE = "practice"
    QUESTIONNAIRE = "questionnaires"
    CONVERSATIONS = "conversations"
    CLOSING = "closing"
    FINISH = "finish"
    DECLINED = "declined"


# Who is here when the team takes a pause waits; who ends is not kept from it.
WAITS = {
    *(Step.COUNTRY, Step.LANGUAGE, Step.QUOTA, Step.CONSENT, Step.GUIDELINES, Step.PRACTICE),
    *(Step.QUESTIONNAIRE, Step.CONVERSATIONS),
}


def next_step(participation: Participation) -> Step:
    """The screen this person is to see now. A pause lets a conversation in hand be finished."""
    step = _next_without_pause(participation)
    if step not in WAITS or not rests(participation):
        return step
    at_work = step is Step.CONVERSATIONS and open_conversation(participation)
    return step if at_work else Step.PAUSED


def _next_without_pause(participation: Participation) -> Step:
    study = participation.study
    if participation.finished_at or participation.withdrawn_at:
        return Step.FINISH
    if participation.declined_at:
        return Step.DECLINED
    if not participation.country:
        return Step.COUNTRY
    if participation.locale is None:
        return Step.PAUSED if study_pauses(participation) else Step.LANGUAGE
    if came_too_late(participation):
        return Step.FINISH
    if participation.screened_at is None:
        return Step.QUOTA
    [(questions_left, consented)] = _at_the_door(
        annotator=participation.annotator_id,
        country=participation.country,
        screening=study.quota_instrument_id,
        document=study.consent_document_id,
    )
    if questions_left:
        return Step.QUOTA
    if not consented:
        return Step.CONSENT
    if participation.guidelines_read_at is None:
        return Step.GUIDELINES
    if participation.practised_at is None and study.practice:
        return Step.PRACTICE
    return _next_at_work(participation)


def _next_at_work(participation: Participation) -> Step:
    """Conversations, with the questionnaires before, between and after them."""
    if open_conversation(participation):
        return Step.CONVERSATIONS
    if not participation.study.is_kept:  # no answer about her may be stored any more
        return Step.FINISH
    further = questionnaire_due(participation)
    if conversations_due(participation):
        early = further and further.is_early(ended=len(participation.conversations.all()))
        return Step.QUESTIONNAIRE if early else Step.CONVERSATIONS
    if further or _asked(participation, participation.study.closing_instrument_id).exists():
        return Step.CLOSING
    return Step.FINISH


def questionnaire_due(participation: Participation) -> Placed | None:
    """The first further questionnaire with a question that she is asked and has not met."""
    placed = placed_for(participation)
    return next((one for one in placed if _asked(participation, one.instrument).exists()), None)


@prepared
def _at_the_door(
    *, annotator: int, country: str, screening: int, document: int
) -> QuerySet[Annotator, Any]:
    """Whether she has not met every screening question, and whether she has consented."""
    questions = _unmet(screening, annotator, country).filter(special_category=False)
    consents = _consents(annotator, document)
    return Annotator.objects.filter(pk=annotator).values_list(Exists(questions), Exists(consents))


def has_consented(participation: Participation) -> bool:
    document = participation.study.consent_document_id
    return _consents(participation.annotator_id, document).exists()


def _consents(annotator: int, document: int) -> QuerySet[Consent]:
    return Consent.objects.filter(
        annotator=annotator,
        document=document,
        purpose=Purpose.TAKE_PART,
        given=True,
        withdrawn_at=None,
    )


def questions_due(participation: Participation, instrument: Instrument) -> list[Question]:
    """Questions of an instrument that this person is asked and has not met yet.

    Screening never asks for a special category, whatever the locale allows.
    """
    return list(_asked(participation, instrument.pk).prefetch_related("options"))


def _asked(participation: Participation, instrument_id: int) -> QuestionQuerySet:
    screening = instrument_id == participation.study.quota_instrument_id
    questions = _unmet(instrument_id, participation.annotator_id, participation.country)
    if screening or participation.locale is None or not participation.locale.legal_basis:
        questions = questions.filter(special_category=False)
    return questions


def _unmet(instrument: int, annotator: int, country: str) -> QuestionQuerySet:
    met = Answer.objects.filter(annotator=annotator, question=OuterRef("pk"))
    asked: QuestionQuerySet = Question.objects.filter(instrument=instrument).for_country(country)
    return asked.filter(~Exists(met))


def plan_of(participation: Participation) -> list[PlannedConversation]:
    study: Study = participation.study
    return plan_conversations(
        pool=study.pool_conversations,
        own=study.own_conversations,
        retests=study.retests,
        turn_lengths=study.turn_lengths,
        seed=participation.seed,
    )


def conversations_due(participation: Participation) -> list[tuple[int, PlannedConversation]]:
    """What is left of her plan, with its places. An exhausted pool asks no more of her,
    nor does a study whose last day is over, nor a re-test with nothing to meet again."""
    if not may_open_more(participation):
        return []
    taken = {conversation.ordinal for conversation in participation.conversations.all()}
    left = [
        (ordinal, planned)
        for ordinal, planned in enumerate(plan_of(participation))
        if ordinal not in taken
        and not (planned.kind == Conversation.Kind.POOL and participation.pool_exhausted_at)
    ]
    if {planned.kind for _ordinal, planned in left} == {RETEST}:  # no judgement is to come
        return left[: participation.grants.to_meet_again().count()]
    return left


def open_conversation(participation: Participation) -> Conversation | None:
    return next((item for item in participation.conversations.all() if item.is_open), None)


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

"""Where a person stands, read off what is stored.

No status column is kept in step by hand: closing the tab at any moment and coming
back finds the same answer, because the answer is computed from the same rows.
"""

from enum import Enum
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import (
    Annotator,
    Answer,
    Consent,
    Instrument,
    Purpose,
    Question,
    QuestionQuerySet,
)
from annotation.dealing.seeds import RETEST, PlannedConversation, plan_conversations
from annotation.models import (
    Conversation,
    Participation,
    Study,
)
from annotation.queries.prepared import prepared
from annotation.steps.placements import Placed, placed_for
from annotation.steps.room import rests, study_pauses
from annotation.steps.sittings import came_too_late, may_open_more


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
    if further or _asks(participation, participation.study.closing_instrument_id):
        return Step.CLOSING
    return Step.FINISH


def questionnaire_due(participation: Participation) -> Placed | None:
    """The first further questionnaire with a question that she is asked and has not met."""
    placed = placed_for(participation)
    return next((one for one in placed if _asks(participation, one.instrument)), None)


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
    return list(_asked(**_asking(participation, instrument.pk)))


def _asks(participation: Participation, instrument_id: int) -> bool:
    """Whether an instrument asks anything of her that she has not met."""
    return bool(_first_asked(**_asking(participation, instrument_id)))


def _asking(participation: Participation, instrument_id: int) -> dict[str, Any]:
    screening = instrument_id == participation.study.quota_instrument_id
    basis = participation.locale is not None and bool(participation.locale.legal_basis)
    return {
        "instrument": instrument_id,
        "annotator": participation.annotator_id,
        "country": participation.country,
        "special": basis and not screening,
    }


@prepared
def _asked(**asking: Any) -> QuerySet[Question]:
    return _unmet_and_allowed(**asking).prefetch_related("options")


@prepared
def _first_asked(**asking: Any) -> QuerySet[Question, Any]:
    return _unmet_and_allowed(**asking).order_by().values_list("pk")[:1]


def _unmet_and_allowed(
    *, instrument: int, annotator: int, country: str, special: bool
) -> QuestionQuerySet:
    """Those of a special category only where `special`."""
    allowed = Q(special_category=False) | Q(special_category=special)
    return _unmet(instrument, annotator, country).filter(allowed)


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

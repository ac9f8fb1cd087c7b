"""Everything the study holds about one person, in a form that she can read.

Pure reads. Keys are the same in every language, labels are in the language of her pages.
Like the pages it is blind: which model or method wrote an answer is not in it, nor who of
the study's people decided or wrote something.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Answer, Consent, ConsentStatement, ExternalIdentity
from annotation.countries import country_name
from annotation.models import (
    ArrivalHash,
    Conversation,
    Draft,
    Explanation,
    Flag,
    HelpMessage,
    Participation,
    ProblemReport,
    Ranking,
    Receipt,
    ShownCandidate,
    Turn,
)
from annotation.steps.placements import placed_for


@dataclass(frozen=True)
class Summary:
    """What the page shows: how many of each, and what is short enough to be read there."""

    consents: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    conversations: int
    rankings: int
    explanations: int
    messages: int
    reports: int
    help_messages: int
    drafts: int
    signals: int
    recruitment: dict[str, Any]


def summarise(participation: Participation) -> Summary:
    conversations = participation.conversations.all()
    turns = Turn.objects.filter(conversation__in=conversations)
    return Summary(
        consents=_consents(participation),
        answers=_answers(participation),
        conversations=conversations.count(),
        rankings=Ranking.objects.filter(turn__in=turns).count(),
        explanations=Explanation.objects.filter(turn__in=turns).exclude(text="").count(),
        messages=turns.filter(live=True).exclude(message="").count(),
        reports=participation.reports.count(),
        help_messages=HelpMessage.objects.filter(thread__participation=participation).count(),
        drafts=participation.drafts.count(),
        signals=participation.flags.count(),
        recruitment=_recruitment(participation),
    )


def window_that_is_over(participation: Participation) -> datetime | None:
    """Until when she was promised that she can withdraw, once that is over; else None."""
    days, ended = participation.study.withdrawal_days, participation.finished_at
    if not (days and ended) or ended + timedelta(days=days) > timezone.now():
        return None
    return ended + timedelta(days=days)


def collect(participation: Participation) -> dict[str, Any]:
    """The whole file."""
    return {
        "about": _("Everything this study holds about you. Times are in UTC."),
        "made_at": timezone.now(),
        "study": participation.study.title,
        "you": _you(participation),
        "recruitment": _recruitment(participation),
        "consents": _consents(participation),
        "answers_about_yourself": _answers(participation),
        "conversations": [_conversation(item) for item in _conversations(participation)],
        "not_sent_yet": list(
            Draft.objects.filter(participation=participation)
            .order_by("pk")
            .values("key", "fields", "saved_at")
        ),
        "problem_reports": [_report(item) for item in _reports(participation)],
        "help_desk": _help_desk(participation),
        "signals": [
            _signal(item)
            for item in participation.flags.order_by("pk").prefetch_related("judgements")
        ],
        "left_out_and_taken_back": [
            {"left_out": change.out, "reason": change.why, "at": change.at}
            for change in participation.exclusions.all()
        ],
        "receipt": Receipt.objects.filter(participation=participation)
        .values("public_id", "withdrawn_at", "erased_at", "erased")
        .first(),
    }


def _you(participation: Participation) -> dict[str, Any]:
    arrival = ArrivalHash.objects.filter(participation=participation).first()
    return {
        "number": participation.public_id,
        "number_as_a_person": participation.annotator.public_id,
        "country": country_name(participation.country) if participation.country else "",
        "study_language": participation.locale.language if participation.locale else "",
        "language_of_the_pages": participation.interface_language,
        "started_at": participation.started_at,
        "place_found_at": participation.screened_at,
        "groups_the_place_is_in": participation.stratum,
        "places_at_most": participation.most_places,
        # By their numbers, as in addresses: a key may say what is measured.
        "places_of_further_questionnaires": {
            str(one.number): str(one.place.label)
            for one in placed_for(participation)
            if one.key in participation.placements
        },
        "guidelines_read_at": participation.guidelines_read_at,
        "practised_at": participation.practised_at,
        "tries_at_the_practice_question": participation.comprehension_tries,
        "practice_question_passed": participation.comprehension_passed,
        "nothing_left_in_the_pool_at": participation.pool_exhausted_at,
        "declined_at": participation.declined_at,
        "finished_at": participation.finished_at,
        "outcome": participation.get_outcome_display(),
        "completion_code": participation.completion_code,
        "withdrawn_at": participation.withdrawn_at,
        "left_out_of_the_analysis_at": participation.excluded_at,
        "hash_of_your_address": arrival.digest if arrival else "",
    }


def _recruitment(participation: Participation) -> dict[str, Any]:
    identity = ExternalIdentity.objects.filter(annotator=participation.annotator_id).first()
    return {
        "service": participation.annotator.vendor.name,
        "id": identity.external_id if identity else "",
        "details": identity.details if identity else {},
    }


def _consents(participation: Participation) -> list[dict[str, Any]]:
    document = participation.study.consent_document
    sentences = {
        statement.purpose: statement.text
        for statement in ConsentStatement.objects.filter(document=document)
    }
    decided = Consent.objects.filter(annotator=participation.annotator_id, document=document)
    return [
        {
            "purpose": consent.get_purpose_display(),
            "sentence": sentences.get(consent.purpose, ""),
            "given": consent.given,
            "decided_at": consent.decided_at,
            "withdrawn_at": consent.withdrawn_at,
            "language": consent.language,
            "document": document.title,
            "version": document.version,
        }
        for consent in decided.order_by("pk")
    ]


def _answers(participation: Participation) -> list[dict[str, Any]]:
    study = participation.study
    answers = Answer.objects.filter(
        annotator=participation.annotator_id,
        question__instrument__in=study.instrument_ids(),
    )
    return [
        {
            "question": answer.question.text,
            "answer": _value(answer),
            "answered_at": answer.answered_at,
        }
        for answer in answers.select_related("question", "option").order_by("pk")
    ]


def _value(answer: Answer) -> str:
    if answer.option:
        return answer.option.label
    return answer.get_status_display() if answer.number is None else str(answer.number)


def _conversations(participation: Participation) -> list[Conversation]:
    turns = Turn.objects.select_related("ranking", "explanation").prefetch_related(
        Prefetch("shown", ShownCandidate.objects.select_related("candidate")),
        "ranking__rows",
        "explanation__mentions",
    )
    found = participation.conversations.order_by("ordinal")
    return list(found.prefetch_related(Prefetch("turns", turns), "moderations", "grant"))


def _conversation(conversation: Conversation) -> dict[str, Any]:
    grant = conversation.grant
    return {
        "number": conversation.ordinal + 1,
        "kind": conversation.get_kind_display(),
        "status": conversation.get_status_display(),
        "opened_at": conversation.opened_at,
        "ended_at": conversation.ended_at,
        "sitting": conversation.sitting,
        "reason_for_leaving": conversation.skip_reason,
        "place_held_since": grant.granted_at if grant else None,
        "place_ended_as": grant.get_disposition_display() if grant else "",
        "turns": [_turn(turn) for turn in conversation.turns.all()],
        "checks_of_your_messages": [
            {"outcome": check.get_outcome_display(), "checked_at": check.checked_at}
            | {"categories": check.categories}
            for check in conversation.moderations.all()
        ],
    }


def _turn(turn: Turn) -> dict[str, Any]:
    ranking = getattr(turn, "ranking", None)
    explanation = getattr(turn, "explanation", None)
    return {
        "turn": turn.position,
        "asked_for": turn.get_mode_display(),
        "message": turn.message,
        "message_is_yours": turn.live,
        "language_of_your_message": turn.detected_language,
        "script_of_your_message": turn.script,
        "characters_pasted": turn.pasted,
        "started_at": turn.started_at,
        "answers_first_shown_at": turn.shown_at,
        "answers": [_shown(row, ranking) for row in turn.shown.all()],
        "ranking": _ranking(ranking) if ranking else None,
        "explanation": _explanation(explanation, turn) if explanation else None,
    }


def _shown(row: ShownCandidate, ranking: Ranking | None) -> dict[str, Any]:
    ranked = {item.candidate_id: item for item in ranking.rows.all()} if ranking else {}
    item = ranked.get(row.candidate_id)
    return {
        "letter": row.letter,
        "text": row.candidate.text,
        "place": item.rank if item else None,
        "score": item.score if item else None,
        "seconds_in_view": item.visible_seconds if item else None,
        "continued": ranking is not None and ranking.chosen_id == row.candidate_id,
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {
        "at_least_one_acceptable": ranking.get_acceptable_display(),
        "at_least_one_speaks_for_you": ranking.get_represents_display(),
        "reason": ranking.reason,
        "layout": ranking.get_layout_display(),
        "width_of_the_window": ranking.get_viewport_display(),
        "submitted_at": ranking.submitted_at,
    }


def _explanation(explanation: Explanation, turn: Turn) -> dict[str, Any]:
    letters = {row.candidate_id: row.letter for row in turn.shown.all()}
    return {
        "text": explanation.text,
        "answers_named": [letters.get(m.candidate_id, "") for m in explanation.mentions.all()],
        "language": explanation.detected_language,
        "script": explanation.script,
        "characters_pasted": explanation.pasted,
        "written_at": explanation.written_at,
    }


def _reports(participation: Participation) -> list[ProblemReport]:
    reports = participation.reports.select_related("turn__conversation").order_by("pk")
    return list(reports.prefetch_related("turn__shown"))


def _report(report: ProblemReport) -> dict[str, Any]:
    letters = {row.candidate_id: row.letter for row in report.turn.shown.all()}
    return {
        "conversation": report.turn.conversation.ordinal + 1,
        "turn": report.turn.position,
        "letter": letters.get(report.candidate_id, "") if report.candidate_id else "",
        "kind": report.get_kind_display(),
        "text": report.text,
        "reported_at": report.reported_at,
    }


def _help_desk(participation: Participation) -> list[dict[str, Any]]:
    messages = HelpMessage.objects.filter(thread__participation=participation)
    return [
        {
            "from_you": message.author_id is None,
            "text": message.text,
            "page": message.page,
            "sent_at": message.sent_at,
        }
        for message in messages
    ]


def _signal(flag: Flag) -> dict[str, Any]:
    return {
        "kind": flag.get_kind_display(),
        "state": flag.get_state_display(),
        "evidence": flag.evidence,
        "raised_at": flag.raised_at,
        "your_answer": flag.answer,
        "answered_at": flag.answered_at,
        "decision": flag.get_decision_display(),
        "reason": flag.reason,
        "decided_at": flag.decided_at,
        "your_objection": flag.objection,
        "objected_at": flag.objected_at,
        "judgements": [
            {
                "stage": item.get_stage_display(),
                "judged": item.get_verdict_display(),
                "reason": item.reason,
                "at": item.at,
            }
            for item in flag.judgements.all()
        ],
    }

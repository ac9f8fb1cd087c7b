"""Studies, slots, and conversations as a readable transcript."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from modeltranslation.admin import TranslationAdmin

from annotation.admin_care import HelpThreadAdmin, ProblemReportAdmin
from annotation.admin_flags import FlagAdmin
from annotation.admin_studies import StudyInline, StudyRecordsAdmin
from annotation.deals import facts_of
from annotation.models import (
    Conversation,
    Flag,
    FrozenPlan,
    Grant,
    HelpThread,
    Moderation,
    Participation,
    ProblemReport,
    RecruitmentLink,
    SignOff,
    Slot,
    Study,
    StudyLocale,
    Turn,
    Wave,
)
from annotation.rights import Right, Somebody, holds, may, studies_for
from annotation.why import explain

admin.site.register(Flag, FlagAdmin)


class LocaleInline(StudyInline):
    tab = True
    model = StudyLocale


class WaveInline(StudyInline):
    tab = True
    model = Wave


@admin.register(Study)
class StudyAdmin(StudyRecordsAdmin, TranslationAdmin[Any]):
    list_display = ("key", "title", "status")
    inlines: ClassVar = [LocaleInline, WaveInline]
    to_study = "pk"

    def study_of(self, record: Any) -> Study:
        study: Study = record
        return study


@admin.register(RecruitmentLink)
class RecruitmentLinkAdmin(StudyRecordsAdmin):
    list_display = ("study", "vendor", "wave", "phase", "key")


@admin.register(Participation)
class ParticipationAdmin(StudyRecordsAdmin):
    list_display = ("public_id", "study", "locale", "phase", "started_at", "finished_at")
    list_filter = ("study", "locale", "phase")
    list_select_related = ("study", "locale")
    exclude = ("completion_code", "seed")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No address finds a person by her thread with the help desk."""
        return not lookup.startswith("helpthread") and super().lookup_allowed(
            lookup, value, request
        )


@admin.register(FrozenPlan)
class FrozenPlanAdmin(StudyRecordsAdmin):
    list_display = ("study", "number", "hash", "why", "by", "at")
    list_filter = ("study",)
    list_select_related = ("study", "by")


@admin.register(SignOff)
class SignOffAdmin(StudyRecordsAdmin):
    to_study = "locale__study"
    list_display = ("locale", "phase", "by", "at")
    list_select_related = ("locale", "by")


@admin.register(Slot)
class SlotAdmin(StudyRecordsAdmin):
    to_study = "locale__study"
    list_display = ("prompt", "locale", "ordinal", "status", "holder", "leased_until", "done_at")
    list_filter = ("status", "locale", "phase", "prompt")
    list_select_related = ("prompt", "locale", "holder")


@admin.register(Grant)
class GrantAdmin(StudyRecordsAdmin):
    to_study = "participation__study"
    list_display = ("prompt", "participation", "granted_at", "disposition", "reason", "ended_at")
    list_filter = ("disposition", "prompt")
    list_select_related = ("prompt", "participation")
    readonly_fields = ("why",)

    @admin.display(description="Why she was given it")
    def why(self, grant: Grant) -> str:
        return format_html_join("", "<p>{}</p>", ((line,) for line in explain(facts_of(grant))))


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


def may_review(user: Somebody, conversation: Conversation) -> bool:
    """Whether she reviews this study, and a note on this person is decided."""
    person = conversation.participation
    decided = person.flags.exclude(decision="")
    return may(user, Right.REVIEW, person.study) and decided.exists()


@admin.register(Moderation)
class ModerationAdmin(StudyRecordsAdmin):
    to_study = "conversation__participation__study"
    list_display = ("conversation", "outcome", "categories", "source", "checked_at")
    list_filter = ("outcome", "source")


@admin.register(Conversation)
class ConversationAdmin(StudyRecordsAdmin):
    to_study = "participation__study"
    list_display = ("public_id", "participation", "kind", "locale", "planned_turns", "status")
    list_filter = ("status", "kind", "locale")
    list_select_related = ("participation", "locale")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Reviewers too read the conversations of people about whom they have decided."""
        return super().has_view_permission(request, obj) or (
            holds(request.user, Right.REVIEW) if obj is None else may_review(request.user, obj)
        )

    def only_own(
        self, request: HttpRequest, records: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        if request.user.is_superuser:
            return records
        decided = Flag.objects.exclude(decision="").filter(
            participation__study__in=studies_for(request.user, Right.REVIEW)
        )
        return records.filter(
            Q(participation__study__in=studies_for(request.user, Right.RECORDS))
            | Q(participation__in=decided.values("participation"))
        )

    def page_context(self, record: Conversation) -> dict[str, Any]:
        return {"transcript": transcript(record)}


admin.site.register(ProblemReport, ProblemReportAdmin)
admin.site.register(HelpThread, HelpThreadAdmin)

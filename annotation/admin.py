"""Studies, slots, and conversations as a readable transcript."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from modeltranslation.admin import TranslationAdmin

from annotation.admin_studies import StudyInline, StudyRecordsAdmin
from annotation.dealing.records import facts_of
from annotation.dealing.why import explain
from annotation.desk.transcript import transcript
from annotation.models import (
    Conversation,
    Flag,
    FrozenPlan,
    Grant,
    Moderation,
    Participation,
    RecruitmentLink,
    SignOff,
    Slot,
    Study,
    StudyLocale,
    Wave,
)
from annotation.rights import Right, Somebody, holds, may, studies_for


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

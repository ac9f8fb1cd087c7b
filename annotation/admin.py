"""Studies, slots, and conversations as a readable transcript."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from modeltranslation.admin import TranslationAdmin

from accounts.admin import ReadOnlyAdmin
from annotation.deals import facts_of
from annotation.models import (
    Conversation,
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
from annotation.transcript import transcript
from annotation.why import explain


class LocaleInline(admin.TabularInline[StudyLocale, Study]):
    model = StudyLocale
    extra = 0
    can_delete = False


class WaveInline(admin.TabularInline[Wave, Study]):
    model = Wave
    extra = 0
    can_delete = False


@admin.register(Study)
class StudyAdmin(ReadOnlyAdmin, TranslationAdmin[Any]):
    list_display = ("key", "title", "status")
    inlines: ClassVar = [LocaleInline, WaveInline]


@admin.register(RecruitmentLink)
class RecruitmentLinkAdmin(ReadOnlyAdmin):
    list_display = ("study", "vendor", "wave", "phase", "key")


@admin.register(Participation)
class ParticipationAdmin(ReadOnlyAdmin):
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
class FrozenPlanAdmin(ReadOnlyAdmin):
    list_display = ("study", "number", "hash", "why", "by", "at")
    list_filter = ("study",)
    list_select_related = ("study", "by")


@admin.register(SignOff)
class SignOffAdmin(ReadOnlyAdmin):
    list_display = ("locale", "phase", "by", "at")
    list_select_related = ("locale", "by")


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("prompt", "locale", "ordinal", "status", "holder", "leased_until", "done_at")
    list_filter = ("status", "locale", "phase", "prompt")
    list_select_related = ("prompt", "locale", "holder")


@admin.register(Grant)
class GrantAdmin(ReadOnlyAdmin):
    list_display = ("prompt", "participation", "granted_at", "disposition", "reason", "ended_at")
    list_filter = ("disposition", "prompt")
    list_select_related = ("prompt", "participation")
    readonly_fields = ("why",)

    @admin.display(description="Why she was given it")
    def why(self, grant: Grant) -> str:
        return format_html_join("", "<p>{}</p>", ((line,) for line in explain(facts_of(grant))))


@admin.register(Moderation)
class ModerationAdmin(ReadOnlyAdmin):
    list_display = ("conversation", "outcome", "categories", "source", "checked_at")
    list_filter = ("outcome", "source")


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "participation", "kind", "locale", "planned_turns", "status")
    list_filter = ("status", "kind", "locale")
    list_select_related = ("participation", "locale")

    def page_context(self, record: Conversation) -> dict[str, Any]:
        return {"transcript": transcript(record)}

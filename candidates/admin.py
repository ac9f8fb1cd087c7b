"""Prompts, samplers and candidate sets, with responses and why any was refused."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from accounts.admin import ReadOnlyAdmin
from candidates.actions.endpoints import store_budget
from candidates.actions.sets import retry_failed_set
from candidates.budgets import spent
from candidates.models import Budget, CandidateSet, ModelEndpoint, Prompt, PromptText, Sampler


class PromptTextInline(TabularInline):
    model = PromptText
    fields = ("language", "version", "text", "stage")
    extra = 0
    can_delete = False


@admin.register(Prompt)
class PromptAdmin(ReadOnlyAdmin):
    list_display = ("key", "pool", "languages")
    list_filter = ("pool",)
    inlines: ClassVar = [PromptTextInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prompt]:
        return super().get_queryset(request).prefetch_related("texts")

    def languages(self, prompt: Prompt) -> str:
        return ", ".join(sorted({text.language for text in prompt.texts.all()}))


@admin.register(ModelEndpoint)
class ModelEndpointAdmin(ReadOnlyAdmin):
    list_display = ("key", "base_url", "model", "structured_output", "rests_until")


@admin.register(Budget)
class BudgetAdmin(ModelAdmin):
    """The one record here that is changed by hand: a budget is raised, or lowered."""

    list_display = ("key", "limit", "daily_limit", "spent_altogether", "spent_today")

    @admin.display(description="spent")
    def spent_altogether(self, budget: Budget) -> str:
        return f"{spent(budget)[0]:.4f}"

    @admin.display(description="spent today (UTC)")
    def spent_today(self, budget: Budget) -> str:
        return f"{spent(budget)[1]:.4f}"

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        stored = store_budget({"key": obj.key, "limit": obj.limit, "daily_limit": obj.daily_limit})
        obj.pk = stored.pk

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Sampler)
class SamplerAdmin(ReadOnlyAdmin):
    list_display = ("key", "version", "strategy", "n", "endpoint")


@admin.register(CandidateSet)
class CandidateSetAdmin(ReadOnlyAdmin):
    list_display = ("id", "prompt", "language", "sampler", "status", "why", "created_at")
    list_filter = ("status", "language", "sampler", "urgent")
    list_select_related = ("prompt_text__prompt", "sampler")
    search_fields = ("prompt_text__prompt__key",)
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CandidateSet]:
        """Sets of prompts are shared. A live set answers one person: she is met in her study."""
        sets = super().get_queryset(request)
        return sets if request.user.is_superuser else sets.exclude(prompt_text=None)

    @admin.display(description="prompt", ordering="prompt_text__prompt__key")
    def prompt(self, candidate_set: CandidateSet) -> str:
        text = candidate_set.prompt_text
        return text.prompt.key if text else "(live)"

    @admin.display(description="why refused")
    def why(self, candidate_set: CandidateSet) -> str:
        return "; ".join(candidate_set.reasons)

    @admin.action(description="Try failed sets again", permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[CandidateSet]) -> None:
        for candidate_set in queryset:
            retry_failed_set(candidate_set=candidate_set)
        self.message_user(request, "Failed sets among the selected ones are being tried again.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("candidates.change_candidateset")

    def page_context(self, record: CandidateSet) -> dict[str, Any]:
        return {
            "candidates": record.candidates.select_related("generation"),
            "generations": record.generations.order_by("pk"),
            "refused_attempts": record.refused_attempts.order_by("pk"),
        }

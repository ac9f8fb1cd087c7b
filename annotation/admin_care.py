"""Problem reports with their counts, and the help desk, where nobody's identity is shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from annotation.actions.care import answer_thread
from annotation.admin_studies import StudyRecordsAdmin
from annotation.forms.care import AnswerForm
from annotation.models import HelpThread, ProblemReport, ShownCandidate, Study
from annotation.rights import Right, may, studies_for


def count_reports(studies: QuerySet[Study]) -> list[dict[str, Any]]:
    """How many people of these studies reported something, by prompt, locale and kind; most
    first."""
    prompt, locale = "turn__candidate_set__prompt_text__prompt__key", "turn__conversation__locale"
    rows = (
        ProblemReport.objects.filter(participation__study__in=studies)
        .values(prompt, f"{locale}__country", f"{locale}__language", "kind")
        .annotate(reports=Count("pk"), people=Count("participation", distinct=True))
        .order_by("-people", "-reports", prompt, f"{locale}__country", "kind")
    )
    return [
        {
            "prompt": row[prompt],
            "locale": f"{row[f'{locale}__country']}-{row[f'{locale}__language']}",
            "kind": ProblemReport.Kind(row["kind"]).label,
            "reports": row["reports"],
            "people": row["people"],
        }
        for row in rows
    ]


class ProblemReportAdmin(StudyRecordsAdmin):
    to_study = "participation__study"
    list_display = ("kind", "prompt", "locale", "letter", "short_text", "reported_at")
    list_filter = ("kind", "turn__conversation__locale")
    list_select_related = (
        "turn__conversation__locale",
        "turn__candidate_set__prompt_text__prompt",
    )
    exclude = ("participation",)
    change_list_template = "admin/annotation/problemreport/change_list.html"

    @admin.display(description=_("prompt"))
    def prompt(self, report: ProblemReport) -> str:
        text = report.turn.candidate_set.prompt_text
        return text.prompt.key if text else str(_("(her own message)"))

    @admin.display(description=_("locale"))
    def locale(self, report: ProblemReport) -> str:
        return str(report.turn.conversation.locale)

    @admin.display(description=_("about"))
    def letter(self, report: ProblemReport) -> str:
        if report.candidate_id is None:
            return str(_("the message"))
        return ShownCandidate.objects.get(turn=report.turn, candidate=report.candidate_id).letter

    @admin.display(description=_("text"))
    def short_text(self, report: ProblemReport) -> str:
        return report.text[:80]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        counts = count_reports(studies_for(request.user, Right.REVIEW))
        return super().changelist_view(request, {**(extra_context or {}), "counts": counts})


class WaitingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("waits for an answer"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.waiting() if self.value() == "waiting" else queryset


class HelpThreadAdmin(StudyRecordsAdmin):
    """A thread is known by its number: who wrote it is neither shown, linked nor searchable."""

    list_display = ("public_id", "study", "language", "opened_at", "waits")
    list_filter = (WaitingFilter, "study", "language")
    list_select_related = ("study",)
    search_fields = ("public_id", "messages__text")
    fields: ClassVar = ("public_id", "study", "language", "opened_at")
    change_form_template = "admin/annotation/helpthread/change_form.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("participation").prefetch_related("messages")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No address finds a thread by its person."""
        return not lookup.startswith("participation") and super().lookup_allowed(
            lookup, value, request
        )

    @admin.display(description=_("waits for an answer"), boolean=True)
    def waits(self, thread: HelpThread) -> bool:
        messages = list(thread.messages.all())
        return bool(messages) and messages[-1].author_id is None

    def page_context(self, record: HelpThread) -> dict[str, Any]:
        return {
            "thread_messages": record.messages.select_related("author"),
            "answer_form": AnswerForm(),
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer_view)
        own = path("<int:pk>/answer/", view, name="annotation_helpthread_answer")
        return [own, *super().get_urls()]

    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stores an answer under the name of whoever is signed in."""
        thread = get_object_or_404(HelpThread.objects.select_related("study"), pk=pk)
        if request.method != "POST" or not may(request.user, Right.HELP, thread.study):
            raise PermissionDenied
        form = AnswerForm(request.POST)
        if form.is_valid():
            assert isinstance(request.user, AbstractBaseUser)
            answer_thread(thread=thread, author=request.user, text=form.cleaned_data["text"])
            self.message_user(request, _("The answer is sent."))
        return redirect("admin:annotation_helpthread_change", pk)

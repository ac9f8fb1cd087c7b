"""Where a person decides about a note on somebody's work, before seeing whose work it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.actions.quality import decide_flag
from annotation.admin_studies import StudyRecordsAdmin
from annotation.forms.quality import FlagDecisionForm
from annotation.models import Conversation, Flag, Participation, Phase, Study
from annotation.rights import Right, may, studies_for

# What each figure of the evidence is called. A figure that has no name here is not shown.
FIGURES = {
    "turns": _("turns judged"),
    "fast": _("of them in less than a third of the norm's time"),
    "own": _("characters a second, her median"),
    "norm": _("characters a second, the norm of the language"),
    "norm_source": _("where the norm comes from"),
    "norm_people": _("people in the norm"),
    "norm_rankings": _("rankings in the norm"),
    "same": _("of them with the choice in one and the same place"),
    "places": _("places on the page"),
    "tail": _("chance of so many in one given place, were all as likely"),
    "texts": _("texts compared"),
    "alike": _("of them nearly the same"),
    "pasted": _("of them pasted for at least a half"),
    "characters_pasted": _("characters pasted"),
    "characters_written": _("characters written"),
    "asked": _("attention questions answered"),
    "missed": _("of them with another option than the one asked for"),
    "tries": _("tries at the practice question"),
    "same_address": _("other people who came from the same address"),
    "fault": _("the check stopped with"),
}
# How the address of the queue names one study.
STUDY_ASKED = "participation__study__id__exact"
SOURCES = {"study": _("other people of this study"), "readers": _("published reading speeds")}


def figures(flag: Flag) -> Iterator[tuple[object, object]]:
    """The evidence as named figures, in the order of the names."""
    for key, name in FIGURES.items():
        if key in flag.evidence:
            value = flag.evidence[key]
            if key == "norm_source":
                value = SOURCES.get(value, value)
            elif key == "tail":
                value = _("about 1 in %(n)s") % {"n": f"{1 / value:,.0f}"}
            yield name, value


@dataclass(frozen=True)
class Rate:
    """How many people of a locale and phase have a note, and were left out."""

    locale: str
    people: int
    noted: int
    left_out: int

    @property
    def share_noted(self) -> int:
        return round(100 * self.noted / self.people) if self.people else 0

    @property
    def share_left_out(self) -> int:
        return round(100 * self.left_out / self.people) if self.people else 0


def rates(studies: QuerySet[Study]) -> list[Rate]:
    """For each locale and phase of each of these studies that is no rehearsal: a check that
    strikes one country more often shows here."""
    raised = Q(flags__state=Flag.State.RAISED)
    left_out = Q(flags__decision=Flag.Decision.EXCLUDED)
    place = ("study__key", "locale__country", "locale__language", "phase")
    counts = (
        Participation.objects.exclude(locale=None)
        .filter(study__in=studies, study__rehearsal_of=None)
        .values_list(*place)
        .annotate(
            people=Count("pk", distinct=True),
            noted=Count("pk", distinct=True, filter=raised),
            left_out=Count("pk", distinct=True, filter=left_out),
        )
        .order_by(*place)
    )
    return [
        Rate(f"{study} {country}-{language}, {Phase(phase).label}", people, noted, excluded)
        for study, country, language, phase, people, noted, excluded in counts
    ]


class FlagAdmin(StudyRecordsAdmin):
    """The queue, undecided first, and one page a note. No id here leads to the person.

    All of it needs the right to review the study; the transcripts a decision made, too.
    """

    to_study = "participation__study"
    list_display = ("kind", "state", "language", "raised_at", "answered", "decision", "decided_at")
    list_filter = (
        ("decision", admin.EmptyFieldListFilter),
        "state",
        "kind",
        "participation__study",
    )
    list_select_related = ("participation__locale", "participation__study")
    ordering = ("decision", "-state", "raised_at")
    change_list_template = "admin/annotation/flag/change_list.html"
    sortable_by: ClassVar = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        """Without the simulated people of rehearsals, unless their study is asked for."""
        flags: QuerySet[Flag] = super().get_queryset(request)
        page = request.resolver_match
        if STUDY_ASKED in request.GET or (page and "object_id" in page.kwargs):
            return flags
        return flags.filter(participation__study__rehearsal_of=None)

    def language(self, flag: Flag) -> str:
        locale = flag.participation.locale
        return dict(settings.LANGUAGES)[locale.language] if locale else "–"

    def answered(self, flag: Flag) -> bool:
        return flag.answered_at is not None

    answered.boolean = True  # type: ignore[attr-defined]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        own = rates(studies_for(request.user, Right.REVIEW))
        return super().changelist_view(request, {**(extra_context or {}), "rates": own})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        flag = self.get_object(request, object_id)
        if not self.has_view_permission(request, flag):
            raise PermissionDenied
        form = FlagDecisionForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and self._decide(request, flag, form):
            return redirect(request.path)
        undecided = flag.state == Flag.State.RAISED and not flag.decision
        context = {
            **self.admin_site.each_context(request),
            "title": flag.get_kind_display(),
            "opts": self.opts,
            "flag": flag,
            "language": self.language(flag),
            "figures": list(figures(flag)),
            "form": form if undecided and may_decide(request, flag) else None,
            "conversations": transcripts(flag),
        }
        return TemplateResponse(request, "admin/annotation/flag/decide.html", context)

    def _decide(self, request: HttpRequest, flag: Flag, form: FlagDecisionForm) -> bool:
        """Whether the decision was taken; what is missing stands in the form."""
        if not may_decide(request, flag):
            raise PermissionDenied
        if not form.is_valid():
            return False
        assert isinstance(request.user, User)
        decision = Flag.Decision(form.cleaned_data["decision"])
        try:
            decide_flag(
                flag=flag,
                decision=decision,
                reason=form.cleaned_data["reason"],
                by=request.user,
                end=form.cleaned_data["end"],
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return True


def may_decide(request: HttpRequest, flag: Flag) -> bool:
    return may(request.user, Right.REVIEW, flag.participation.study)


def transcripts(flag: Flag) -> list[Conversation]:
    """Her conversations, after the decision."""
    return list(flag.participation.conversations.all()) if flag.decision else []

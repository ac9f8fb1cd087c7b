"""The way through the desk: by task, and only what this person may open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from annotation.models import Study
from annotation.rights import Right, may

# A part's words, its icon, and models of Django's admin with what they are called here.
PARTS: tuple[tuple[Promise, str, Sequence[tuple[str, Promise]]], ...] = (
    (
        _("Studies"),
        "studies",
        (
            ("annotation.study", _("All studies")),
            ("annotation.participation", _("People in studies")),
            ("annotation.conversation", _("Conversations")),
            ("annotation.slot", _("Places")),
            ("annotation.grant", _("Places given")),
            ("annotation.recruitmentlink", _("Recruitment links")),
            ("annotation.frozenplan", _("Frozen plans")),
            ("annotation.signoff", _("Signatures of soft launches")),
        ),
    ),
    (
        _("Review"),
        "review",
        (
            ("annotation.flag", _("Notes on people's work")),
            ("annotation.problemreport", _("Reported problems")),
            ("annotation.moderation", _("Moderated messages")),
        ),
    ),
    (_("Help desk"), "help", (("annotation.helpthread", _("Questions and answers")),)),
    (
        _("People and vendors"),
        "people",
        (
            ("accounts.annotator", _("Annotators")),
            ("accounts.vendor", _("Vendors")),
            ("accounts.consentdocument", _("Consent documents")),
            ("accounts.instrument", _("Questionnaires")),
            ("accounts.question", _("Questions")),
        ),
    ),
    (
        _("Prompts and samplers"),
        "prompts",
        (
            ("candidates.prompt", _("Prompts")),
            ("candidates.candidateset", _("Candidate sets")),
            ("candidates.sampler", _("Samplers")),
            ("candidates.modelendpoint", _("Model endpoints")),
            ("candidates.budget", _("Budgets")),
        ),
    ),
    (
        _("Exports"),
        "exports",
        (
            ("exports.export", _("Exports")),
            ("exports.release", _("Releases")),
            ("exports.apitoken", _("Tokens of the API")),
            ("exports.webhook", _("Webhooks")),
            ("exports.delivery", _("Deliveries")),
        ),
    ),
    (_("Team"), "team", (("accounts.user", _("Members")), ("auth.group", _("Groups")))),
)


@dataclass(frozen=True)
class Link:
    words: str | Promise
    address: str
    here: bool
    add: str = ""


@dataclass(frozen=True)
class Part:
    words: str | Promise
    icon: str
    links: list[Link]

    @property
    def here(self) -> bool:
        return any(link.here for link in self.links)


def parts(request: HttpRequest) -> list[Part]:
    """The parts with a page for this person; what no part names stands in the last."""
    named = {label for _words, _icon, models in PARTS for label, _name in models}
    found = [
        Part(words, icon, list(_links(request, models, words == PARTS[0][0])))
        for words, icon, models in PARTS
    ]
    rest = [
        (model._meta.label_lower, capfirst(model._meta.verbose_name_plural))
        for model in admin.site._registry
        if model._meta.label_lower not in named
    ]
    found.append(Part(_("More"), "more", list(_links(request, rest))))
    return [part for part in found if part.links]


def _links(
    request: HttpRequest, models: Sequence[tuple[str, str | Promise]], of_studies: bool = False
) -> Iterator[Link]:
    for label, words in models:
        model = apps.get_model(label)
        page = admin.site._registry.get(model)
        if page is None or not page.has_view_permission(request):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        address = reverse(f"{name}_changelist")
        of_study = of_studies and model is Study and request.path.startswith("/studies/")
        here = request.path.startswith(address) or of_study
        add = reverse(f"{name}_add") if page.has_add_permission(request) else ""
        yield Link(words, address, here, add)


@dataclass(frozen=True)
class Entry:
    """A study on the first page: its first page that this person may open."""

    study: Study
    address: str


def entries(request: HttpRequest, pages: Sequence[tuple[str, Promise, Right]]) -> list[Entry]:
    """Studies that this person may see, the newest first, without rehearsals."""
    studies = Study.objects.filter(rehearsal_of=None).order_by("-pk")
    return [
        Entry(study, address) for study in studies if (address := first_page(request, study, pages))
    ]


def first_page(
    request: HttpRequest, study: Study, pages: Sequence[tuple[str, Promise, Right]]
) -> str:
    for name, _words, right in pages:
        if may(request.user, right, study):
            try:
                return reverse(name, args=[study.key])
            except NoReverseMatch:
                continue
    return ""

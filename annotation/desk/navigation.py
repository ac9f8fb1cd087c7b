"""The way through the desk: by task, and only what this person may open."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models import Role, Study, TeamMember
from annotation.rights import Right, studies_for

Words = str | Promise


@dataclass(frozen=True)
class Link:
    words: Words
    address: str
    here: bool
    add: str = ""


@dataclass(frozen=True)
class Part:
    words: Words
    icon: str
    links: list[Link]
    at_a_study: bool = False

    @property
    def here(self) -> bool:
        return self.at_a_study or any(link.here for link in self.links)


@dataclass(frozen=True)
class Task:
    """A part before anybody looks: lists of Django's admin, and a page that each study has."""

    words: Words
    icon: str
    models: Sequence[tuple[str, Words]] = ()
    of_studies: tuple[str, Right] | None = None


TASKS = (
    Task(
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
    Task(
        _("Review"),
        "review",
        (
            ("annotation.flag", _("Notes on people's work")),
            ("annotation.problemreport", _("Reported problems")),
            ("annotation.moderation", _("Moderated messages")),
        ),
        of_studies=("study-review", Right.REVIEW),
    ),
    Task(
        _("Help desk"),
        "help",
        (("annotation.helpthread", _("Questions and answers")),),
        of_studies=("study-help", Right.HELP),
    ),
    Task(
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
    Task(
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
    Task(
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
    Task(_("Team"), "team", (("accounts.user", _("Members")),)),
)
MOST_STUDIES = 8  # in a part; the list of studies leads to the others


def parts(request: HttpRequest) -> list[Part]:
    """The parts with a page for this person; a model that no part names stands in the last."""
    found = [Part(task.words, task.icon, _links(request, task)) for task in TASKS]
    found[0].links[:0] = _new_study(request)
    found[3].links.extend(_vendors(request))
    found[-1].links.extend(_audit(request))
    named = {label for task in TASKS for label, _words in task.models}
    rest = [
        (model._meta.label_lower, str(capfirst(model._meta.verbose_name_plural)))
        for model in admin.site._registry
        if model._meta.label_lower not in named
    ]
    found.append(Part(_("More"), "more", list(_lists(request, rest))))
    if request.path.startswith("/studies/") and not any(part.here for part in found):
        found[0] = replace(found[0], at_a_study=True)
    return [part for part in found if part.links]


def studies(request: HttpRequest) -> QuerySet[Study]:
    """Studies that this person may watch, the newest first, without rehearsals."""
    return studies_for(request.user, Right.WATCH).filter(rehearsal_of=None).order_by("-pk")


def _links(request: HttpRequest, task: Task) -> list[Link]:
    links = []
    if task.of_studies:
        name, right = task.of_studies
        for study in (
            studies_for(request.user, right)
            .filter(rehearsal_of=None)
            .order_by("-pk")[:MOST_STUDIES]
        ):
            links.append(_link(request, study.key, reverse(name, args=[study.key])))
    return [*links, *_lists(request, task.models)]


def _lists(request: HttpRequest, models: Sequence[tuple[str, Words]]) -> Iterator[Link]:
    for label, words in models:
        model = apps.get_model(label)
        page = admin.site._registry.get(model)
        if page is None or not page.has_view_permission(request):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        add = reverse(f"{name}_add") if page.has_add_permission(request) else ""
        yield _link(request, words, reverse(f"{name}_changelist"), add)


def _new_study(request: HttpRequest) -> Iterator[Link]:
    if request.user.has_perm("annotation.add_study"):
        yield _link(request, _("New study"), reverse("study-new"))


def _vendors(request: HttpRequest) -> Iterator[Link]:
    """Pages of people, for those who manage a vendor."""
    own = TeamMember.objects.filter(user=request.user.pk, role=Role.VENDOR_MANAGER)
    for vendor in Vendor.objects.filter(pk__in=own.values("vendor")):
        words = _("People of %(vendor)s") % {"vendor": vendor.name}
        yield _link(request, words, reverse("vendor-people", args=[vendor.key]))


def _audit(request: HttpRequest) -> Iterator[Link]:
    if request.user.is_superuser:
        yield _link(request, _("Audit"), reverse("audit"))


def _link(request: HttpRequest, words: Words, address: str, add: str = "") -> Link:
    return Link(words, address, request.path.startswith(address), add)

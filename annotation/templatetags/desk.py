"""The tabs above every page of a study."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.models import Study
from annotation.navigation import Entry, Part, entries, parts
from annotation.rights import Right, may

register = template.Library()

# Name of the address, words, right. A page that is not there yet has no tab.
PAGES: tuple[tuple[str, Promise, Right], ...] = (
    ("study-watch", _("Watch"), Right.WATCH),
    ("study-write", _("Write"), Right.AUTHOR),
    ("study-preflight", _("Preflight"), Right.AUTHOR),
    ("study-run", _("Open and close"), Right.AUTHOR),
    ("study-plan", _("Plan"), Right.WATCH),
    ("study-overlap", _("Overlap"), Right.WATCH),
    ("study-pace", _("Pace and pay"), Right.WATCH),
    ("study-dispositions", _("Dispositions"), Right.WATCH),
    ("study-soft-launch", _("Soft launch"), Right.WATCH),
    ("study-figures", _("Understand"), Right.OUTCOMES),
    ("study-topics", _("Topics"), Right.OUTCOMES),
    ("study-review", _("Review"), Right.REVIEW),
    ("study-left-out", _("Left out"), Right.AUTHOR),
    ("study-prompts", _("Prompts"), Right.WATCH),
    ("study-help", _("Help desk"), Right.HELP),
    ("study-erase", _("Erase"), Right.AUTHOR),
    ("study-audit", _("Audit"), Right.WATCH),
    ("study-team", _("Team"), Right.AUTHOR),
    ("study-risk", _("Disclosure risk"), Right.RELEASE),
    ("study-personal-data", _("Personal data in texts"), Right.RELEASE),
)


@dataclass(frozen=True)
class Tab:
    words: Promise
    address: str
    here: bool


@register.inclusion_tag("desk/tabs.html", takes_context=True)
def study_tabs(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """Tabs of the pages of a study that this person may open."""
    request = context["request"]
    tabs = [
        Tab(words, address, request.path.startswith(address))
        for name, words, right in PAGES
        if (address := _address(name, study)) and may(request.user, right, study)
    ]
    return {"tabs": tabs}


def _address(name: str, study: Study) -> str:
    try:
        return reverse(name, args=[study.key])
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def desk_parts(context: dict[str, Any]) -> list[Part]:
    """The way through the desk for whoever is signed in."""
    return parts(context["request"])


@register.simple_tag(takes_context=True)
def desk_studies(context: dict[str, Any]) -> list[Entry]:
    """Studies for the first page."""
    return entries(context["request"], PAGES)


MARKS = {"open": "mark-ok", "paused": "mark-alarm", "closed": "mark-none"}


@register.filter
def study_mark(study: Study) -> str:
    """The class that shows a study's status."""
    return MARKS.get(study.status, "mark-wait")


@register.filter
def desk_list(options: Any) -> str:
    """The name of the address of a model's list: {% url opts|desk_list %}."""
    return f"admin:{options.app_label}_{options.model_name}_changelist"

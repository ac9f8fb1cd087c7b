"""The tabs above every page of a study, and the way through the desk."""

import json
from dataclasses import dataclass
from typing import Any

from django import template
from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.desk.navigation import Part, parts, studies
from annotation.models import Study
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
    ("study-figures", _("Figures"), Right.OUTCOMES),
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


# What belongs together, in the order in which a study goes. A page that no stage names stands
# in the last.
STAGES: tuple[tuple[Promise, frozenset[str]], ...] = (
    (
        _("Prepare"),
        frozenset({"study-write", "study-preflight", "study-run", "study-team"}),
    ),
    (
        _("Fieldwork"),
        frozenset(
            {"study-watch", "study-plan", "study-overlap", "study-pace", "study-dispositions",
             "study-soft-launch"}
        ),
    ),
    (
        _("Decide"),
        frozenset(
            {"study-review", "study-left-out", "study-prompts", "study-help", "study-erase",
             "study-audit"}
        ),
    ),
    (_("Understand"), frozenset({"study-figures", "study-topics"})),
    (_("Release"), frozenset({"study-risk", "study-personal-data"})),
)  # fmt: skip


@dataclass(frozen=True)
class Tab:
    words: Promise
    address: str
    here: bool


@dataclass(frozen=True)
class Stage:
    words: Promise
    tabs: list[Tab]

    @property
    def here(self) -> bool:
        return any(tab.here for tab in self.tabs)


@register.inclusion_tag("desk/tabs.html", takes_context=True)
def study_tabs(context: dict[str, Any], study: Study) -> dict[str, Any]:
    """Stages of a study, and the pages of this stage, that this person may open."""
    request = context["request"]
    stages = [Stage(words, []) for words, _names in STAGES]
    for name, words, right in PAGES:
        if (address := _address(name, study)) and may(request.user, right, study):
            tab = Tab(words, address, request.path.startswith(address))
            stages[_stage_of(name)].tabs.append(tab)
    # On the study's own record, which is no stage, all pages of all stages are named.
    return {
        "stages": [stage for stage in stages if stage.tabs],
        "everything": not any(stage.here for stage in stages),
    }


def _stage_of(name: str) -> int:
    own = (place for place, (_words, names) in enumerate(STAGES) if name in names)
    return next(own, len(STAGES) - 1)


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
def desk_studies(context: dict[str, Any]) -> QuerySet[Study]:
    """Studies for the first page."""
    return studies(context["request"])


MARKS = {"open": "mark-ok", "paused": "mark-alarm", "closed": "mark-none"}


@register.filter
def study_mark(study: Study) -> str:
    """The class that shows a study's status."""
    return MARKS.get(study.status, "mark-wait")


@register.filter
def desk_list(options: Any) -> str:
    """The name of the address of a model's list: {% url opts|desk_list %}."""
    return f"admin:{options.app_label}_{options.model_name}_changelist"


@register.filter
def as_json(field: Any) -> str:
    """The value of a JSON field that is shown and not edited, indented."""
    value = getattr(field.form.instance, field.field["field"])
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)

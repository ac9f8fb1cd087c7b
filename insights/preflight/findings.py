"""Everything that is looked at before a study opens, in plain words with what to do.

What stops it comes from annotation/readiness/study.py, where `open_study` reads it too. What is
added here stops nothing: it costs time to find out, or it is for a person to weigh.
"""

import os
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Purpose
from annotation.models import Phase, Study
from annotation.pace import planned_minutes
from annotation.readiness.finding import Finding, State
from annotation.readiness.study import find_readiness, samplers_used
from annotation.readiness.texts import languages_of
from candidates import llm
from candidates.budgets import spent
from candidates.models import ModelEndpoint, Sampler
from insights.health.parts import examine
from insights.preflight.estimates import ProviderCost, provider_costs
from insights.preflight.people import (
    check_cells,
    check_pay,
    check_practice,
    check_room,
    check_stop_and_look,
    check_ways_in,
)
from insights.preflight.planned import LocaleWork, work_of

# Of the consent: the field of the study, and what it is called.
SAID_ON_CONSENT = (
    ("ethics_approval", gettext_lazy("the ethics approval")),
    ("controller", gettext_lazy("who answers for the data in law")),
    ("contact", gettext_lazy("whom people can write to")),
    ("provider", gettext_lazy("the model provider that receives what people write")),
    ("withdrawal_days", gettext_lazy("how long people may withdraw")),
    ("retained_until", gettext_lazy("until when personal data are kept")),
)


def preflight(
    study: Study, phase: str = Phase.MAIN, work: Sequence[LocaleWork] | None = None
) -> list[Finding]:
    """What stops the study first, then what is to be looked at, then what is well."""
    work = work_of(study) if work is None else work
    found = [
        *find_readiness(study, phase),
        _consent(study),
        _calibration(study),
        *_endpoints(study),
        _worker(),
        *_budget(study, provider_costs(study, work)),
        *check_room(work),
        *check_cells(study),
        *check_pay(work, planned_minutes(study)),
        *check_ways_in(study, phase),
        check_practice(study),
        *check_stop_and_look(study, phase),
    ]
    order = [State.STOP, State.WAIT, State.OK]
    return sorted(found, key=lambda finding: order.index(finding.state))


def address_of(finding: Finding, study: Study) -> str:
    """Where it is mended; empty where no page does."""
    args = [] if finding.page.startswith("admin:") else [study.key]
    try:
        return reverse(finding.page, args=args) if finding.page else ""
    except NoReverseMatch:
        return ""


def _consent(study: Study) -> Finding:
    part = _("What the consent says")
    asked = set(study.consent_document.statements.values_list("purpose", flat=True))
    lacking = [
        str(Purpose(purpose).label)
        for purpose in (Purpose.TAKE_PART, Purpose.RELEASE_CHOICES)
        if purpose not in asked
    ]
    lacking += [
        str(words) for field, words in SAID_ON_CONSENT if getattr(study, field) in ("", None)
    ]
    if not lacking:
        return Finding(part, State.OK, _("Purposes, approval, controller and contact are there."))
    words = _("It does not say: %(places)s.") % {"places": ", ".join(lacking)}
    return Finding(part, State.WAIT, words, _("Write it, as your approval asks."), "study-write")


def _calibration(study: Study) -> Finding:
    part, languages = _("Thresholds of similarity"), set(languages_of(study))
    asked_to_differ = (Sampler.Strategy.NC, Sampler.Strategy.NC_DEFAULT)
    lacking = [
        f"{sampler.key} ({', '.join(sorted(missing))})"
        for sampler in samplers_used(study)
        if sampler.strategy in asked_to_differ and (missing := languages - set(sampler.thresholds))
    ]
    if not lacking:
        return Finding(part, State.OK, _("Each sampler that promises variety is calibrated."))
    words = _("Not calibrated, so that sets whose responses are alike are shown: %(places)s.")
    todo = _("Calibrate: manage.py calibrate_sampler SAMPLER --null TEMPERATURE_SAMPLER")
    return Finding(part, State.WAIT, words % {"places": ", ".join(lacking)}, todo)


def endpoints_of(study: Study) -> list[ModelEndpoint]:
    found: dict[int, ModelEndpoint] = {}
    for sampler in samplers_used(study):
        for endpoint in (sampler.endpoint, *sampler.further_endpoints.order_by("pk")):
            found[endpoint.pk] = endpoint
    return list(found.values())


def _endpoints(study: Study) -> list[Finding]:
    part, found = _("Model endpoints"), []
    for endpoint in endpoints_of(study):
        variable = endpoint.api_key_variable
        if variable and not os.environ.get(variable):
            words = _("%(endpoint)s: the variable %(variable)s is not set on this server.") % {
                "endpoint": endpoint, "variable": variable,
            }  # fmt: skip
            todo = _("Set it for the web process and the workers, then start them again.")
            found.append(Finding(part, State.WAIT, words, todo))
        elif not llm.is_answering(endpoint):
            words = _("%(endpoint)s does not answer.") % {"endpoint": endpoint}
            todo = _("Check its address and key.")
            page = "admin:candidates_modelendpoint_changelist"
            found.append(Finding(part, State.WAIT, words, todo, page))
    return found or [Finding(part, State.OK, _("Each has its key and answers."))]


def _worker() -> Finding:
    part = _("Worker")
    [seen] = examine(["worker"])
    if seen.ok:
        return Finding(part, State.OK, _("A worker answers."))
    words = _("No worker answers: nobody would get the responses of her second turn.")
    return Finding(part, State.WAIT, words, seen.words)


def _budget(study: Study, costs: Iterable[ProviderCost]) -> list[Finding]:
    part, estimate = _("Budget"), sum((one.cost for one in costs), Decimal(0))
    budget, needed = study.budget, {"estimate": f"{estimate:.2f}"}
    if budget is None:
        words = _("None is set; about %(estimate)s will be spent.") % needed
        todo = _("Set one, so that a mistake cannot cost more than you have.")
        return [Finding(part, State.WAIT, words, todo, "study-write")]
    left = budget.limit - spent(budget)[0]
    needed |= {"left": f"{left:.2f}", "limit": f"{budget.limit:.2f}"}
    if left < estimate:
        words = _("%(left)s of %(limit)s are left, and about %(estimate)s are needed.") % needed
        page = "admin:candidates_budget_changelist"
        return [Finding(part, State.WAIT, words, _("Raise it, or plan less."), page)]
    words = _("%(left)s of %(limit)s are left; about %(estimate)s are needed.") % needed
    return [Finding(part, State.OK, words)]

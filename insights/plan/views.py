"""The plan of a study: what is wanted of whom, how far it is, and changes of it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from annotation.actions.replan import Change, preview
from annotation.models import Phase, PlanChange, Study
from annotation.rights import Right, may, study_page
from insights.phases import chosen_phase, phases_in_use
from insights.plan.cells import cell_fill
from insights.plan.forms import FORMS, PlanForm
from insights.plan.locales import locale_plans, screened_out


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.WATCH)
def plan(request: HttpRequest, study: Study) -> HttpResponse:
    """A change, and its preview, need the right to write the study."""
    phase = chosen_phase(request.GET.get("phase", ""))
    asked = request.POST.get("form", "")
    forms = {name: form(study=study, phase=phase) for name, form in FORMS.items()}
    shown: Change | None = None
    may_change = may(request.user, Right.AUTHOR, study)
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    if request.method == "POST" and asked in FORMS:
        forms[asked] = form = FORMS[asked](request.POST, study=study, phase=phase)
        shown = _change(request, form, look="preview" in request.POST)
        if shown is not None and "preview" not in request.POST:
            return redirect(f"{reverse('study-plan', args=[study.key])}?phase={phase}")
    context = _facts(study, phase) | {"forms": forms, "asked": asked, "preview": shown}
    context["may_change"] = may_change
    return render(request, "insights/plan.html", context, status=422 if _faulty(forms) else 200)


def _change(request: HttpRequest, form: PlanForm, *, look: bool) -> Change | None:
    """Makes the change, or looks at what it would do; None: it cannot be made."""
    if not form.is_valid():
        return None
    assert isinstance(request.user, User)
    by = request.user
    try:
        change = preview(lambda: form.change(by)) if look else form.change(by)
    except ValidationError as error:
        form.add_error(None, error)
        return None
    if not look:
        done = _("The plan is changed: %(added)s places added, %(voided)s taken away.")
        nothing = _("The plan is like that already. Nothing was changed.")
        words = done % {"added": change.added, "voided": change.voided}
        messages.success(request, words if change.record else nothing)
    return change


def _faulty(forms: dict[str, PlanForm]) -> bool:
    return any(form.is_bound and form.errors for form in forms.values())


def _facts(study: Study, phase: Phase) -> dict[str, Any]:
    away = screened_out(study, phase)
    changes = study.plan_changes.select_related("by").order_by("-at", "-pk")[:100]
    return {
        "study": study,
        "phase": phase,
        "phases": phases_in_use(study, phase),
        "cells": cell_fill(study, phase),
        "plans": [(one, away.get(one.locale.pk, 0)) for one in locale_plans(study, phase)],
        "changes": [(change, _words(change)) for change in changes],
    }


def _words(change: PlanChange) -> str:
    """What became what, in short."""
    details = change.details
    if "merged" in details:
        return f"{', '.join(details['merged'])} → {details['into']}"
    if change.kind == PlanChange.Kind.SIGNED:
        return f"{details['locale']} · {details['phase']}: {details['people']}"
    if change.kind in PlanChange.Kind.of_running():
        return " · ".join(str(details[name]) for name in ("phase", "who") if name in details)
    if "locale" in details:
        core = _("in the core")
        tier = f" {core}" if details.get("core") else ""
        return f"{details['locale']}{tier}: {details['before'] or '–'} → {details['after']}"
    if isinstance(details.get("before"), list) and isinstance(details.get("after"), list):
        cells = [len(details["before"]), len(details["after"])]
        return _("%(before)s cells → %(after)s cells") % {"before": cells[0], "after": cells[1]}
    if isinstance(details.get("before"), int):
        return f"{Phase(details['phase']).label}: {details['before']} → {details['after']}"
    return " → ".join(str(details[name]) for name in ("prompt", "replacement") if name in details)

"""The pages of those who run the fieldwork: pace and pay, dispositions, soft launches."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from annotation.actions.soft_launch import sign_soft_launch
from annotation.models import Study
from insights.checklist import checklists, make_checklist, stops
from insights.fieldwork_tables import checklist_tables, disposition_tables
from insights.forms import SignForm
from insights.pace_tables import pace_tables
from insights.phases import chosen_phase, phases_in_use


@require_GET
@staff_member_required
@permission_required("annotation.view_study", raise_exception=True)
def pace(request: HttpRequest, key: str) -> HttpResponse:
    context = _of_phase(request, key)
    context["tables"] = pace_tables(context["study"], context["phase"])
    return render(request, "insights/pace.html", context)


@require_GET
@staff_member_required
@permission_required("annotation.view_study", raise_exception=True)
def dispositions(request: HttpRequest, key: str) -> HttpResponse:
    context = _of_phase(request, key)
    context["tables"] = disposition_tables(context["study"], context["phase"])
    return render(request, "insights/dispositions.html", context)


@require_GET
@staff_member_required
@permission_required("annotation.view_study", raise_exception=True)
def soft_launch(request: HttpRequest, key: str) -> HttpResponse:
    """The checklist of every locale, side by side, and the form to sign where one waits."""
    context = _of_phase(request, key)
    study, phase = context["study"], context["phase"]
    found = checklists(study, phase)
    context |= {
        "stops": stops(study, phase),
        "may_sign": request.user.has_perm("annotation.change_study"),
        "tables": checklist_tables(found),
        "checklists": [(item, SignForm(auto_id=f"id_{item.locale.pk}_%s")) for item in found],
    }
    return render(request, "insights/soft_launch.html", context)


@require_POST
@staff_member_required
@permission_required("annotation.change_study", raise_exception=True)
def soft_launch_sign(request: HttpRequest, key: str, locale: int, phase: str) -> HttpResponse:
    """Signs one locale's figures, as they stand now."""
    study = get_object_or_404(Study, key=key)
    found = get_object_or_404(study.locales.select_related("study"), pk=locale)
    form = SignForm(request.POST)
    try:
        sign_soft_launch(
            locale=found,
            phase=phase,
            by=cast(User, request.user),
            figures=make_checklist(found, phase).figures,
            notes=form.cleaned_data["notes"] if form.is_valid() else "",
        )
        messages.success(request, _("%(locale)s goes on.") % {"locale": found})
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('study-soft-launch', args=[key])}?phase={phase}")


def _of_phase(request: HttpRequest, key: str) -> dict[str, Any]:
    """What every page of the fieldwork says first: the study, and the one phase it shows."""
    study = get_object_or_404(Study, key=key)
    phase = chosen_phase(request.GET.get("phase", ""))
    return {"study": study, "phase": phase, "phases": phases_in_use(study, phase)}

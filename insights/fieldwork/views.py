"""The pages of those who run the fieldwork: pace and pay, dispositions, soft launches."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from annotation.actions.soft_launch import sign_soft_launch
from annotation.models import Study
from annotation.rights import Right, may, study_page
from insights.fieldwork.checklist import checklists, make_checklist, stops
from insights.fieldwork.forms import SignForm
from insights.fieldwork.pace_tables import pace_tables
from insights.fieldwork.tables import checklist_tables, disposition_tables
from insights.phases import chosen_phase, phases_in_use


@require_GET
@study_page(Right.WATCH)
def pace(request: HttpRequest, study: Study) -> HttpResponse:
    context = _of_phase(request, study)
    context["tables"] = pace_tables(context["study"], context["phase"])
    return render(request, "insights/pace.html", context)


@require_GET
@study_page(Right.WATCH)
def dispositions(request: HttpRequest, study: Study) -> HttpResponse:
    context = _of_phase(request, study)
    context["tables"] = disposition_tables(context["study"], context["phase"])
    return render(request, "insights/dispositions.html", context)


@require_GET
@study_page(Right.WATCH)
def soft_launch(request: HttpRequest, study: Study) -> HttpResponse:
    """The checklist of every locale, side by side, and the form to sign where one waits."""
    context = _of_phase(request, study)
    phase = context["phase"]
    found = checklists(study, phase)
    context |= {
        "stops": stops(study, phase),
        "may_sign": may(request.user, Right.AUTHOR, study),
        "tables": checklist_tables(found),
        "checklists": [(item, SignForm(auto_id=f"id_{item.locale.pk}_%s")) for item in found],
    }
    return render(request, "insights/soft_launch.html", context)


@require_POST
@study_page(Right.AUTHOR)
def soft_launch_sign(request: HttpRequest, study: Study, locale: int, phase: str) -> HttpResponse:
    """Signs one locale's figures, as they stand now."""
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
    return redirect(f"{reverse('study-soft-launch', args=[study.key])}?phase={phase}")


def _of_phase(request: HttpRequest, study: Study) -> dict[str, Any]:
    """What every page of the fieldwork says first: the study, and the one phase it shows."""
    phase = chosen_phase(request.GET.get("phase", ""))
    return {"study": study, "phase": phase, "phases": phases_in_use(study, phase)}

"""The pages on which a study is understood: figures, each with its table and its CSV."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.unlocking import unlock_outcomes
from annotation.desk.team import member
from annotation.models import AuditEntry, Study
from annotation.rights import Right, may, study_page
from insights.figures.catalogue import BY_KEY, GROUPS, figures_of
from insights.figures.figure import Figure, Options
from insights.figures.form import OptionsForm
from insights.figures.locks import is_locked, unlockings
from insights.figures.sections import sections, stored
from insights.figures.showing import csv_of
from insights.phases import chosen_phase, phases_in_use


@require_safe
@study_page(Right.OUTCOMES)
def figures(request: HttpRequest, study: Study) -> HttpResponse:
    """All figures of one group."""
    group = request.GET.get("group", "")
    group = group if group in GROUPS else next(iter(GROUPS))
    context = _context(request, study)
    found = sections(study, context["phase"], context["options"], figures_of(group))
    more = {
        "group": group,
        "groups": GROUPS,
        "sections": found,
        "phases": phases_in_use(study, context["phase"]),
        "locked": is_locked(study, context["phase"]),
        "unlockings": unlockings(study, context["phase"]),
        "may_unlock": may(request.user, Right.AUTHOR, study),
    }
    return render(request, "insights/figures.html", context | more)


@require_safe
@study_page(Right.OUTCOMES)
def figure(request: HttpRequest, study: Study, figure: str) -> HttpResponse:
    """One figure, as the page asks for it again while it is being computed."""
    context = _context(request, study)
    (section,) = sections(study, context["phase"], context["options"], [_known(figure)])
    return render(request, "insights/partials/figure.html", context | {"section": section})


@require_safe
@study_page(Right.OUTCOMES)
def figure_csv(request: HttpRequest, study: Study, figure: str) -> HttpResponse:
    """The stored result as a CSV; 404 while there is none, 403 while it is locked. The download
    is on record."""
    context = _context(request, study)
    section = stored(study, context["phase"], context["options"], _known(figure))
    if section.locked:
        raise PermissionDenied
    if section.result is None:
        raise Http404
    what = f"figure {figure}, phase {context['phase']}"
    record(kind=AuditEntry.Kind.FIGURE_DOWNLOADED, what=what, by=member(request), study=study)
    name = f"{study.key}-{context['phase']}-{figure}.csv"
    return HttpResponse(
        csv_of(section.result),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
@study_page(Right.OUTCOMES)
def unlock(request: HttpRequest, study: Study) -> HttpResponse:
    """Opens outcomes by group in one phase, for a reason that stays on record."""
    if not may(request.user, Right.AUTHOR, study):
        raise PermissionDenied
    assert isinstance(request.user, User)
    phase = chosen_phase(request.POST.get("phase", ""))
    try:
        unlock_outcomes(study=study, phase=phase, why=request.POST.get("why", ""), by=request.user)
        messages.success(request, _("Outcomes by group are unlocked in this phase."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(f"{reverse('study-figures', args=[study.key])}?phase={phase}")


def _known(key: str) -> Figure:
    if key not in BY_KEY:
        raise Http404
    return BY_KEY[key]


def _context(request: HttpRequest, study: Study) -> dict[str, Any]:
    """What every page of figures knows: the phase, and what was chosen."""
    form = OptionsForm(request.GET or None, study=study)
    phase = chosen_phase(request.GET.get("phase", ""))
    options = form.options()
    return {
        "study": study,
        "phase": phase,
        "options": options,
        "form": form,
        "query": _query(phase, options),
    }


def _query(phase: str, options: Options) -> str:
    chosen = {"phase": str(phase), "turns": options.turns, "arm": options.arm}
    if options.excluded:
        chosen["excluded"] = "on"
    return "&".join(f"{name}={value.replace(' ', '+')}" for name, value in chosen.items() if value)

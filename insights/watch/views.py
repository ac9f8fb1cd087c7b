"""The page that a study is watched on, and the parts that it asks for again."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_GET

from annotation.models import Study
from annotation.rights import Right, study_page
from insights.phases import chosen_phase, phases_in_use
from insights.watch.page import BY_NAME, PANELS, show


@require_GET
@study_page(Right.WATCH)
def watch(request: HttpRequest, study: Study) -> HttpResponse:
    """The whole page, with all figures: it is complete without a script."""
    phase = chosen_phase(request.GET.get("phase", ""))
    context = {
        "study": study,
        "phase": phase,
        "phases": phases_in_use(study, phase),
        "panels": [show(panel, study, phase) for panel in PANELS],
    }
    return render(request, "insights/watch/page.html", context)


@require_GET
@study_page(Right.WATCH)
def watch_panel(request: HttpRequest, study: Study, panel: str) -> HttpResponse:
    """One panel's figures; 204 where `seen` names them: nothing on the page moves."""
    if panel not in BY_NAME:
        raise Http404
    phase = chosen_phase(request.GET.get("phase", ""))
    shown = show(BY_NAME[panel], study, phase)
    if request.GET.get("seen") == shown.version:
        return _unstored(HttpResponse(status=204))
    context: dict[str, Any] = {"study": study, "phase": phase, "shown": shown}
    return _unstored(render(request, "insights/watch/panel.html", context))


def _unstored(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_store=True)
    return response

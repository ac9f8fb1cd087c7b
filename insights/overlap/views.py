"""The researchers' pages, and the health of the installation."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.models import Study
from annotation.rights import Right, study_page
from insights.health.parts import PARTS, examine
from insights.overlap.table import overlap_table
from insights.phases import chosen_phase, phases_in_use


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """Every part in plain words; 503 while one is missing. `?parts=database,broker` narrows."""
    wanted = [part for part in request.GET.get("parts", "").split(",") if part]
    if not set(wanted) <= set(PARTS):
        return JsonResponse({"ok": False, "words": f"parts are {', '.join(PARTS)}"}, status=400)
    findings = examine(wanted)
    ok = all(finding.ok for finding in findings)
    body = {
        "ok": ok,
        "parts": {finding.part: {"ok": finding.ok, "words": finding.words} for finding in findings},
    }
    return JsonResponse(body, status=200 if ok else 503, headers={"Cache-Control": "no-store"})


@require_GET
@study_page(Right.WATCH)
def overlap(request: HttpRequest, study: Study) -> HttpResponse:
    phase = chosen_phase(request.GET.get("phase", ""))
    context = {
        "study": study,
        "phase": phase,
        "phases": phases_in_use(study, phase),
        "table": overlap_table(study, phase),
    }
    return render(request, "insights/overlap.html", context)

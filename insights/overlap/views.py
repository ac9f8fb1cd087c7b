"""The page on overlap: how many people judged each prompt in each locale."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.models import Study
from annotation.rights import Right, study_page
from insights.overlap.table import overlap_table
from insights.phases import chosen_phase, phases_in_use


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

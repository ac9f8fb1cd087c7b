"""The preflight: what is looked at before a study opens."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.models import Phase, Study
from annotation.rights import Right, study_page
from insights.phases import chosen_phase
from insights.preflight.findings import address_of, preflight
from insights.preflight.forms import RatesForm
from insights.preflight.planned import work_of
from insights.preflight.tables import preflight_tables


@require_GET
@study_page(Right.AUTHOR)
def study_preflight(request: HttpRequest, study: Study) -> HttpResponse:
    """What is not ready, what it costs and takes, what it can show. Looking changes nothing."""
    phase, work = chosen_phase(request.GET.get("phase", "")), work_of(study)
    form = RatesForm(request.GET, locales=[one.locale for one in work])
    findings = preflight(study, phase, work)
    context = {
        "study": study,
        "phase": phase,
        "phases": [Phase.PILOT, Phase.MAIN],
        "findings": [(finding, address_of(finding, study)) for finding in findings],
        "stops": sum(finding.stops for finding in findings),
        "form": form,
        "tables": preflight_tables(study, work, form.rates() if form.is_valid() else {}),
    }
    return render(request, "insights/preflight.html", context)

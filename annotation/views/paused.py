"""While a soft launch waits: the page that says so."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.access import ParticipantRequest, at_step, return_url
from annotation.models import Convention
from annotation.steps import Step


@require_GET
@at_step(Step.PAUSED)
def paused(request: ParticipantRequest) -> HttpResponse:
    link = request.participation.link
    context = {
        "study": request.participation.study,
        "recruited": link is not None and link.convention != Convention.PLAIN,
        "return_url": return_url(request),
    }
    return render(request, "annotation/paused.html", context)

"""While a soft launch waits, or the team takes a pause: the page that says so."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotation.access import ParticipantRequest, at_step, return_url
from annotation.models import Convention
from annotation.steps.participation import Step
from annotation.steps.room import WHOLE, rests


@require_GET
@at_step(Step.PAUSED)
def paused(request: ParticipantRequest) -> HttpResponse:
    participation = request.participation
    link = participation.link
    context = {
        "study": participation.study,
        "of_team": rests(participation) or bool(participation.study.paused),
        "whole": WHOLE in participation.study.paused,
        "has_begun": participation.screened_at is not None,
        "recruited": link is not None and link.convention != Convention.PLAIN,
        "return_url": return_url(request),
    }
    return render(request, "annotation/paused.html", context)

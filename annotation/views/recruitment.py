"""Where people come in from their recruiter, come back, and leave again."""

import uuid

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.views.decorators.http import require_GET, require_http_methods

from accounts.addresses import client_address
from accounts.models import ExternalIdentity
from accounts.signing_in import stay_listed
from annotation.access import (
    HELP_THREAD_KEY,
    ParticipantRequest,
    at_step,
    find_begun_thread,
)
from annotation.actions import participation as act
from annotation.forms.recruitment import JoinForm
from annotation.middleware import SESSION_KEY, ParticipationRequest
from annotation.models import Participation, RecruitmentLink
from annotation.pace import pays_by_country, study_minutes
from annotation.recruitment.arrivals import arrival_digest
from annotation.recruitment.conventions import Arrival
from annotation.recruitment.passage import IncompleteLink, arrival_at, farewell_to
from annotation.steps.participation import Step


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: ParticipationRequest, key: str) -> HttpResponse:
    """The vendor's link. Looking at it consumes nothing; only the button starts a person."""
    link = get_object_or_404(RecruitmentLink.objects.select_related("study", "vendor"), key=key)
    try:
        arrival = arrival_at(link, query=request.META.get("QUERY_STRING", ""))
    except IncompleteLink:
        return render(request, "annotation/incomplete_link.html", status=403)
    if request.method != "POST" or arrival.is_preview:
        return _invitation(request, link, arrival)
    form = JoinForm(request.POST, arrival=arrival)
    if not form.is_valid():
        text = next(iter(form.errors.values()))[0]
        return render(request, "annotation/message.html", {"text": text}, status=422)
    if _is_here(request, link) and not form.cleaned_data["fresh"]:
        return redirect("here")
    return _start(request, link, arrival, form)


def _start(
    request: ParticipationRequest, link: RecruitmentLink, arrival: Arrival, form: JoinForm
) -> HttpResponse:
    """A new session, for whoever this address speaks of: her own, or a new person's."""
    another = form.cleaned_data["fresh"]
    thread = None if another else find_begun_thread(request, study_id=link.study_id)
    try:
        participation = act.join_study(
            link=link,
            external_id=arrival.external_id,
            details=arrival.details,
            start_key=form.cleaned_data["start_key"],
            interface_language=translation.get_language() or "",
            arrival=_digest(request, link),
            help_thread=thread,
        )
    except ValidationError as error:
        return render(request, "annotation/message.html", {"text": error.messages[0]}, status=409)
    if another:
        request.session.flush()
    sign_in(request, participation)
    return redirect("here")


def _digest(request: HttpRequest, link: RecruitmentLink) -> str:
    """The hash of where she comes from, where the study compares them; else nothing."""
    if not link.study.check_duplicates:
        return ""
    address = client_address(request.META, trusted_proxies=settings.TRUSTED_PROXIES)
    return arrival_digest(study_key=link.study.key, address=address)


def _is_here(request: ParticipationRequest, link: RecruitmentLink) -> bool:
    """Whether this browser takes part in the link's study, by whatever link it came."""
    return request.participation is not None and request.participation.study_id == link.study_id


def _invitation(
    request: ParticipationRequest, link: RecruitmentLink, arrival: Arrival
) -> HttpResponse:
    context = {
        "study": link.study,
        "start_key": uuid.uuid4(),
        "conversations": link.study.pool_conversations + link.study.own_conversations,
        "minutes": study_minutes(link.study, phase=link.phase),
        "pays": pays_by_country(link.study),
    }
    if arrival.is_preview:
        return render(request, "annotation/preview.html", context)
    if _is_here(request, link):
        context["may_be_another"] = not _is_hers(request, link, arrival)
        return render(request, "annotation/already_here.html", context)
    return render(request, "annotation/welcome.html", context)


def _is_hers(request: ParticipationRequest, link: RecruitmentLink, arrival: Arrival) -> bool:
    """Whether the address names the very person of this browser."""
    known = request.participation
    return (
        known is not None
        and bool(arrival.external_id)
        and ExternalIdentity.objects.filter(
            annotator=known.annotator_id, vendor=link.vendor, external_id=arrival.external_id
        ).exists()
    )


def sign_in(request: HttpRequest, participation: Participation) -> None:
    request.session.cycle_key()
    stay_listed(request)
    request.session[SESSION_KEY] = participation.pk
    # What was begun here is bound to her by now, or it is of somebody who sat here before.
    request.session.pop(HELP_THREAD_KEY, None)


@require_http_methods(["GET", "HEAD", "POST"])
def come_back(request: HttpRequest, token: str) -> HttpResponse:
    """The personal return link, on any device. Again, only the button does something."""
    try:
        public_id = Participation.public_id_of(token)
    except signing.BadSignature:
        return render(request, "annotation/unknown_link.html", status=404)
    participation = get_object_or_404(
        Participation.objects.select_related("study"), public_id=public_id
    )
    if request.method == "POST":
        sign_in(request, participation)
        return redirect("here")
    return render(request, "annotation/come_back.html", {"study": participation.study})


@require_GET
@at_step(Step.FINISH)
def finish(request: ParticipantRequest) -> HttpResponse:
    """How it ended, its code, and the way back to the recruiter.

    The action releases a code only after it has counted what is stored; of somebody who
    ended before, it gives the same.
    """
    try:
        act.finish(participation=request.participation)
    except ValidationError as error:
        return render(request, "annotation/message.html", {"text": error.messages[0]}, status=409)
    ended = Participation.objects.select_related("link__vendor", "locale").get(
        pk=request.participation.pk
    )
    return render(request, "annotation/finish.html", {"farewell": farewell_to(ended)})

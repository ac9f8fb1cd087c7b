"""From the join link to the first conversation: each screen stores one thing."""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import ConsentDocument, ExternalIdentity, Instrument
from annotation.access import (
    ParticipantRequest,
    at_step,
    get_own_draft,
    participant_required,
)
from annotation.actions import participation as act
from annotation.forms.entry import (
    ConsentForm,
    CountryForm,
    JoinForm,
    LanguageForm,
    QuestionsForm,
)
from annotation.middleware import SESSION_KEY, ParticipationRequest
from annotation.models import Participation, RecruitmentLink, StudyLocale
from annotation.steps import Step, next_step, plan_of, questions_due

# What recruitment services append to the address, most common first.
RECRUITMENT_PARAMETERS = ("PROLIFIC_PID", "participantId", "workerId", "pid")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: ParticipationRequest, key: str) -> HttpResponse:
    """The vendor's link. Looking at it consumes nothing; only the button starts a person."""
    link = get_object_or_404(RecruitmentLink.objects.select_related("study", "vendor"), key=key)
    if request.method != "POST":
        return _welcome(request, link)
    form = JoinForm(request.POST)
    if not form.is_valid():
        text = next(iter(form.errors.values()))[0]
        return render(request, "annotation/message.html", {"text": text}, status=422)
    external_id = form.cleaned_data["external_id"]
    if _is_already_here(request, link, external_id):
        return redirect("here")
    try:
        participation = act.join_study(
            link=link,
            external_id=external_id,
            start_key=form.cleaned_data["start_key"],
            interface_language=translation.get_language() or "",
        )
    except ValidationError as error:
        return render(request, "annotation/message.html", {"text": error.messages[0]}, status=409)
    _sign_in(request, participation)
    return redirect("here")


def _is_already_here(
    request: ParticipationRequest, link: RecruitmentLink, external_id: str
) -> bool:
    """Whether this browser's person is the one who presses Start, and not somebody else at it."""
    known = request.participation
    if known is None or known.study_id != link.study_id:
        return False
    identity = ExternalIdentity.objects.filter(annotator=known.annotator_id).first()
    return not external_id or (identity is not None and identity.external_id == external_id)


def _welcome(request: ParticipationRequest, link: RecruitmentLink) -> HttpResponse:
    found = (request.GET.get(name, "") for name in RECRUITMENT_PARAMETERS)
    context = {
        "study": link.study,
        "external_id": next((value for value in found if value), ""),
        "start_key": uuid.uuid4(),
        "conversations": link.study.pool_conversations + link.study.own_conversations,
    }
    return render(request, "annotation/welcome.html", context)


def _sign_in(request: HttpRequest, participation: Participation) -> None:
    request.session.cycle_key()
    request.session[SESSION_KEY] = participation.pk


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
        _sign_in(request, participation)
        return redirect("here")
    return render(request, "annotation/come_back.html", {"study": participation.study})


@require_GET
def no_session(request: HttpRequest) -> HttpResponse:
    return render(request, "annotation/no_session.html")


@require_GET
@participant_required
def here(request: ParticipantRequest) -> HttpResponse:
    """Wherever she stands: one address that always leads on."""
    return redirect(next_step(request.participation).value)


@require_POST
def interface_language(request: ParticipationRequest) -> HttpResponse:
    """Changes the language of the pages and nothing else."""
    language = request.POST.get("language", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("here")
    response = redirect(back)
    if language in dict(settings.LANGUAGES):
        if request.participation:
            act.set_interface_language(participation=request.participation, language=language)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.COUNTRY)
def country(request: ParticipantRequest) -> HttpResponse:
    countries = sorted(set(request.participation.study.locales.values_list("country", flat=True)))
    form = CountryForm(request.POST or None, countries=countries)
    if form.is_valid():
        act.set_country(participation=request.participation, country=form.cleaned_data["country"])
        return redirect("here")
    return _form_page(request, "annotation/country.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.LANGUAGE)
def language(request: ParticipantRequest) -> HttpResponse:
    """Proposes the interface language where the country has it; never decides it."""
    participation = request.participation
    locales = StudyLocale.objects.filter(
        study=participation.study, country=participation.country
    ).order_by("language")
    proposed = locales.filter(language=translation.get_language()).first() or locales.first()
    form = LanguageForm(request.POST or None, locales=locales, proposed=proposed)
    if form.is_valid():
        locale = form.cleaned_data["locale"]
        act.set_locale(participation=participation, locale=locale)
        act.set_interface_language(participation=participation, language=locale.language)
        return redirect("here")
    return _form_page(request, "annotation/language.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.CONSENT)
def consent(request: ParticipantRequest) -> HttpResponse:
    document = ConsentDocument.objects.get(pk=request.participation.study.consent_document_id)
    form = ConsentForm(request.POST or None, document=document)
    if form.is_valid():
        act.decide_consent(
            participation=request.participation,
            given=form.given(),
            language=translation.get_language() or "en",
        )
        return redirect("here")
    return _form_page(request, "annotation/consent.html", form, document=document)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.DECLINED)
def declined(request: ParticipantRequest) -> HttpResponse:
    if request.method == "POST":
        act.reconsider(participation=request.participation)
        return redirect("here")
    return render(request, "annotation/declined.html")


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.QUOTA)
def quota(request: ParticipantRequest) -> HttpResponse:
    return _questions_page(request, request.participation.study.quota_instrument, act.answer_quota)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.GUIDELINES)
def guidelines(request: ParticipantRequest) -> HttpResponse:
    if request.method == "POST":
        act.read_guidelines(participation=request.participation)
        return redirect("here")
    context = {"study": request.participation.study, "plan": plan_of(request.participation)}
    return render(request, "annotation/guidelines.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.CLOSING)
def closing(request: ParticipantRequest) -> HttpResponse:
    return _questions_page(
        request,
        request.participation.study.closing_instrument,
        act.answer_closing,
        draft_key=reverse("closing"),
    )


def _questions_page(
    request: ParticipantRequest,
    instrument: Instrument,
    store: Callable[..., None],
    draft_key: str = "",
) -> HttpResponse:
    """One screen of questions; with a key, what was entered earlier stands in it."""
    draft = get_own_draft(request, draft_key) if draft_key else None
    form = QuestionsForm(
        request.POST or None,
        questions=questions_due(request.participation, instrument),
        initial=draft.fields if draft else None,
    )
    if form.is_valid():
        store(participation=request.participation, answers=form.given())
        return redirect("here")
    context = {"instrument": instrument, "draft": draft, "draft_key": draft_key}
    return _form_page(request, "annotation/questions.html", form, **context)


@require_GET
@at_step(Step.FINISH)
def finish(request: ParticipantRequest) -> HttpResponse:
    """The completion code: released by the action only after it has counted what is stored."""
    try:
        code = act.finish(participation=request.participation)
    except ValidationError as error:
        return render(request, "annotation/message.html", {"text": error.messages[0]}, status=409)
    return render(request, "annotation/finish.html", {"code": code})


def _form_page(
    request: HttpRequest, template: str, form: object, **context: object
) -> HttpResponse:
    """The page of a form; 422 where what was sent could not be taken."""
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"form": form, **context}, status=status)

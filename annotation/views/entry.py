"""From the country to the first conversation: each screen stores one thing."""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import ConsentDocument, Instrument
from annotation.access import (
    ParticipantRequest,
    at_step,
    get_own_draft,
    participant_required,
)
from annotation.actions import participation as act
from annotation.actions import screening as door
from annotation.forms.entry import (
    ConsentForm,
    CountryForm,
    LanguageForm,
    QuestionsForm,
)
from annotation.middleware import ParticipationRequest
from annotation.pace import study_minutes
from annotation.steps.participation import (
    Step,
    next_step,
    plan_of,
    questionnaire_due,
    questions_due,
)


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
    locales = door.locales_for(participation=participation)
    proposed = locales.filter(language=translation.get_language()).first() or locales.first()
    form = LanguageForm(request.POST or None, locales=locales, proposed=proposed)
    if form.is_valid():
        locale = form.cleaned_data["locale"]
        door.set_locale(participation=participation, locale=locale)
        act.set_interface_language(participation=participation, language=locale.language)
        return redirect("here")
    return _form_page(request, "annotation/language.html", form)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.QUOTA)
def quota(request: ParticipantRequest) -> HttpResponse:
    """The screening: what is asked before consent, and why."""
    participation = request.participation
    instrument = participation.study.quota_instrument
    questions = questions_due(participation, instrument)
    form = QuestionsForm(request.POST or None, questions=questions)
    if request.method == "POST" and form.is_valid():
        door.answer_screening(participation=participation, answers=form.given())
        return redirect("here")
    context = {"instrument": instrument, "n": len(questions), "locale": participation.locale}
    return _form_page(request, "annotation/screening.html", form, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.CONSENT)
def consent(request: ParticipantRequest) -> HttpResponse:
    participation = request.participation
    document = ConsentDocument.objects.get(pk=participation.study.consent_document_id)
    form = ConsentForm(request.POST or None, document=document)
    if form.is_valid():
        door.decide_consent(
            participation=participation,
            given=form.given(),
            language=translation.get_language() or "en",
        )
        return redirect("here")
    context = {
        "document": document,
        "locale": participation.locale,
        "minutes": study_minutes(
            participation.study, phase=participation.phase, country=participation.country
        ),
    }
    return _form_page(request, "annotation/consent.html", form, **context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.DECLINED)
def declined(request: ParticipantRequest) -> HttpResponse:
    if request.method == "POST":
        act_on = door.leave_declined if "leave" in request.POST else door.reconsider
        act_on(participation=request.participation)
        return redirect("here")
    return render(request, "annotation/declined.html")


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.GUIDELINES)
def guidelines(request: ParticipantRequest) -> HttpResponse:
    if request.method == "POST":
        act.read_guidelines(participation=request.participation)
        return redirect("here")
    context = {"study": request.participation.study, "plan": plan_of(request.participation)}
    return render(request, "annotation/guidelines.html", context)


@require_GET
@at_step(Step.QUESTIONNAIRE)
def questionnaires(request: ParticipantRequest) -> HttpResponse:
    """The one of the study's further questionnaires that is due."""
    due = questionnaire_due(request.participation)
    return redirect("questionnaire", due.number) if due else redirect("here")


@require_http_methods(["GET", "HEAD", "POST"])
@participant_required
def questionnaire(request: ParticipantRequest, number: int) -> HttpResponse:
    """One of them, while it is due; what comes later from an old page is not taken."""
    participation = request.participation
    if not 1 <= number <= len(participation.study.placements):
        raise Http404
    step, due = next_step(participation), questionnaire_due(participation)
    asked = step in {Step.QUESTIONNAIRE, Step.CLOSING}
    if not asked or due is None or due.number != number:
        return redirect("here")
    instrument = Instrument.objects.get(pk=due.instrument)
    draft_key = reverse("questionnaire", args=[number])
    store = partial(act.answer_questionnaire, instrument=instrument, draft_key=draft_key)
    return _questions_page(request, instrument, store, draft_key=draft_key)


@require_http_methods(["GET", "HEAD", "POST"])
@at_step(Step.CLOSING)
def closing(request: ParticipantRequest) -> HttpResponse:
    further = questionnaire_due(request.participation)
    if further:
        return redirect("questionnaire", further.number)
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


def _form_page(
    request: HttpRequest, template: str, form: object, **context: object
) -> HttpResponse:
    """The page of a form; 422 where what was sent could not be taken."""
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"form": form, **context}, status=status)

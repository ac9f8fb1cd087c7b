"""The page on which a study is opened, paused, gone on with and closed."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from annotation.actions.previewing import remove_previews
from annotation.actions.running import close_study, open_phase, pause_study, resume_study
from annotation.models import Phase, Study, StudyLocale
from annotation.rights import Right, study_page
from insights.running.forms import CloseForm, OpenForm, PauseForm
from insights.running.states import (
    locale_states,
    paused_since,
    phase_states,
    plan_states,
    preview_count,
)


@require_GET
@study_page(Right.AUTHOR)
def study_run(request: HttpRequest, study: Study) -> HttpResponse:
    return _run_page(request, study)


def _run_page(
    request: HttpRequest, study: Study, *, faulty: dict[str, Form] | None = None
) -> HttpResponse:
    """The page, with the form that could not be taken as it was filled in."""
    user = cast(User, request.user)
    forms: dict[str, Form] = {
        "open": OpenForm(auto_id="id_open_%s", initial={"phase": request.GET.get("phase", "")}),
        "pause": PauseForm(auto_id="id_pause_%s"),
        "close": CloseForm(auto_id="id_close_%s"),
    } | (faulty or {})
    context = {
        "study": study,
        "forms": forms,
        "asked": next(iter(faulty or {}), ""),
        "paused_since": paused_since(study),
        "locales": locale_states(study, user),
        "phases": phase_states(study),
        "previews": preview_count(study),
        "plans": plan_states(study),
        "pause_locale": PauseForm(auto_id=False),
    }
    status = 422 if faulty else 200
    return render(request, "insights/run.html", context, status=status)


@require_POST
@study_page(Right.AUTHOR)
def study_open(request: HttpRequest, study: Study) -> HttpResponse:
    def act(data: dict[str, Any], by: User) -> str:
        plan = open_phase(study=study, phase=data["phase"], by=by, why=data["why"])
        return _("The phase %(phase)s is open with plan %(number)s.") % {
            "phase": Phase(data["phase"]).label, "number": plan.number,
        }  # fmt: skip

    return _do(request, study, "open", OpenForm(request.POST, auto_id="id_open_%s"), act)


@require_POST
@study_page(Right.AUTHOR)
def study_pause(request: HttpRequest, study: Study) -> HttpResponse:
    locale = _locale(request, study)

    def act(data: dict[str, Any], by: User) -> str:
        pause_study(study=study, by=by, why=data["why"], locale=locale)
        return _("%(who)s takes a pause.") % {"who": locale or study}

    return _do(request, study, "pause", PauseForm(request.POST, auto_id="id_pause_%s"), act)


@require_POST
@study_page(Right.AUTHOR)
def study_resume(request: HttpRequest, study: Study) -> HttpResponse:
    locale = _locale(request, study)

    def act(data: dict[str, Any], by: User) -> str:
        resume_study(study=study, by=by, why=data["why"], locale=locale)
        return _("%(who)s goes on.") % {"who": locale or study}

    return _do(request, study, "pause", PauseForm(request.POST, auto_id="id_pause_%s"), act)


@require_POST
@study_page(Right.AUTHOR)
def study_close(request: HttpRequest, study: Study) -> HttpResponse:
    def act(data: dict[str, Any], by: User) -> str:
        close_study(study=study, by=by, why=data["why"], typed=data["typed"])
        return _("The study is closed.")

    return _do(request, study, "close", CloseForm(request.POST, auto_id="id_close_%s"), act)


@require_POST
@study_page(Right.AUTHOR)
def previews_remove(request: HttpRequest, study: Study) -> HttpResponse:
    number = remove_previews(study=study, by=cast(User, request.user))
    messages.success(request, _("%(number)s previews are removed.") % {"number": number})
    return redirect("study-run", study.key)


@require_GET
@study_page(Right.AUTHOR)
def plan_download(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """A frozen plan as it was hashed."""
    plan = get_object_or_404(study.frozen_plans, number=number)
    response = JsonResponse(
        {"study": study.key, "number": number, "at": plan.at, "hash": plan.hash,
         "why": plan.why, "definition": plan.definition},
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )  # fmt: skip
    name = f"{study.key}-plan-{number}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _locale(request: HttpRequest, study: Study) -> StudyLocale | None:
    """The locale that is asked for; None: the whole study."""
    asked = request.POST.get("locale", "")
    if not asked:
        return None
    return get_object_or_404(study.locales, pk=int(asked) if asked.isdecimal() else 0)


def _do(
    request: HttpRequest,
    study: Study,
    name: str,
    form: Form,
    act: Callable[[dict[str, Any], User], str],
) -> HttpResponse:
    """Does what a form asks and leads back to the page; what cannot be done is said on it."""
    if form.is_valid():
        try:
            messages.success(request, act(form.cleaned_data, cast(User, request.user)))
        except ValidationError as error:
            for message in error.messages:
                form.add_error(None, message)
        else:
            return redirect("study-run", study.key)
    study.refresh_from_db()
    return _run_page(request, study, faulty={name: form})

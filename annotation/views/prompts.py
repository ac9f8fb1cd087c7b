"""The prompts of a study with the problems people reported; one is retired or replaced."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from annotation.actions.prompts import Replacement, replace_prompt, retire_prompt
from annotation.desk import pool_reports
from annotation.desk.team import member
from annotation.forms.desk import RetireForm
from annotation.models import Study
from annotation.rights import Right, may, study_page
from candidates.models import Prompt


@require_GET
@study_page(Right.WATCH)
def prompts(request: HttpRequest, study: Study) -> HttpResponse:
    context = {
        "study": study,
        "rows": pool_reports.prompts_of(study),
        "own": pool_reports.told_of(study, None),
    }
    return render(request, "desk/prompts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.WATCH)
def prompt(request: HttpRequest, study: Study, prompt: str) -> HttpResponse:
    """Its texts, its reports, and what retiring it does; doing it needs the right to write
    every study of the pool, for all of them lose it."""
    found = get_object_or_404(study.pool.prompts, key=prompt)
    form = RetireForm(request.POST if request.method == "POST" else None, prompt=found)
    studies = pool_reports.studies_of(found)
    allowed = all(may(request.user, Right.AUTHOR, one) for one in {study, *studies})
    shown: Replacement | None = None
    if request.method == "POST" and not allowed:
        raise PermissionDenied
    if form.is_valid():
        look = "preview" in request.POST
        shown = _retire(form, found, member(request), look=look)
        if shown and not look:
            messages.success(request, _say(shown))
            return redirect("study-prompt", study.key, found.key)
    context = _facts(study, found) | {
        "form": form, "preview": shown, "allowed": allowed, "studies": studies,
    }  # fmt: skip
    return render(request, "desk/prompt.html", context, status=422 if form.errors else 200)


def _retire(form: RetireForm, old: Prompt, by: User, *, look: bool) -> Replacement | None:
    """Does it, or looks at what it would do; None: it cannot be done."""
    why, new = form.cleaned_data["why"], form.cleaned_data["instead"]

    def act() -> Replacement:
        if new:
            return replace_prompt(prompt=old, replacement=new, why=why, by=by)
        return Replacement(retire_prompt(prompt=old, why=why, by=by), planned=0, waiting=0)

    try:
        return pool_reports.look_at(act) if look else act()
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _say(done: Replacement) -> str:
    words = _("It is retired: %(voided)s free places taken away, %(planned)s planned instead.")
    return words % {"voided": done.voided, "planned": done.planned}


def _facts(study: Study, prompt: Prompt) -> dict[str, Any]:
    return {
        "study": study,
        "prompt": prompt,
        "texts": prompt.texts.order_by("language", "-version").distinct("language"),
        "places": pool_reports.places_of(prompt),
        "reports": pool_reports.told_of(study, prompt),
    }

"""Topics of prompts and themes of explanations: the page where people give them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from annotation.actions.audit import record
from annotation.actions.topics import add_topic, rename_topic, set_topics
from annotation.desk.team import member
from annotation.models import AuditEntry, Study
from annotation.rights import Right, may, study_page
from insights.coding_models import ThemeSheet, TopicSuggestion
from insights.phases import chosen_phase, phases_in_use
from insights.topics import forms as topics_forms
from insights.topics import page as topics_page
from insights.topics.suggesting import put_aside, request_suggestion
from insights.topics.theme_shares import as_csv, hides_shares, shares_by_language
from insights.topics.theming import draw_sheet, sheet_csv, store_codes, themes_found

Act = Callable[[Study, dict[str, Any], User], str]


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OUTCOMES)
def topics(request: HttpRequest, study: Study) -> HttpResponse:
    """Looking needs the right to outcomes; every change the right to write the study."""
    if request.method == "POST":
        return _act(request, study, TOPIC_ACTS, Right.AUTHOR, "study-topics")
    lines = topics_page.prompt_lines(study)
    topic, page = request.GET.get("topic", ""), request.GET.get("page", "")
    suggestion = topics_page.newest_suggestion(study)
    context = {
        "study": study,
        "may_change": may(request.user, Right.AUTHOR, study),
        "may_read_words": may(request.user, Right.RECORDS, study),
        "codes": topics_page.codes_in_use(list(lines.values())),
        "uncoded": sum(1 for line in lines.values() if not line.topics),
        "page": topics_page.chosen_page(list(lines.values()), topic=topic, page=page),
        "topic": topic,
        "suggestion": suggestion,
        "clusters": topics_page.clusters_of(suggestion, lines) if suggestion else [],
        "alike": topics_page.agreement_with(suggestion, lines) if suggestion else None,
        "form": topics_forms.SuggestForm(),
    }
    return render(request, "insights/topics.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.RECORDS)
def themes(request: HttpRequest, study: Study) -> HttpResponse:
    """Sheets for coders, and what the two of a sheet found."""
    phase = chosen_phase(request.GET.get("phase", ""))
    if request.method == "POST":
        return _act(request, study, THEME_ACTS, Right.RECORDS, "study-themes")
    context = {
        "study": study,
        "phase": phase,
        "phases": phases_in_use(study, phase),
        "sheets": topics_page.sheets_of(study, phase),
        "form": topics_forms.DrawForm(study=study),
    }
    return render(request, "insights/themes.html", context)


@require_safe
@study_page(Right.RECORDS)
def theme_sheet(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """A coder's empty sheet, as a CSV that spreadsheets open; the download is on record."""
    sheet = get_object_or_404(ThemeSheet, study=study, number=number)
    assert isinstance(request.user, User)
    record(
        kind=AuditEntry.Kind.FILE_DOWNLOADED,
        what=f"theme sheet {number}",
        by=request.user,
        study=study,
    )
    return HttpResponse(
        "\ufeff" + sheet_csv(sheet),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{study.key}-themes-{number}.csv"'},
    )


@require_safe
@study_page(Right.RECORDS)
def theme_languages(request: HttpRequest, study: Study, number: int) -> HttpResponse:
    """Themes by language as a CSV; 404 while there are none, 403 while they are locked. The
    download is on record."""
    sheet = get_object_or_404(ThemeSheet, study=study, number=number)
    if hides_shares(sheet):
        raise PermissionDenied
    found = themes_found(sheet)
    rows = shares_by_language(sheet, found) if found else []
    if not rows:
        raise Http404
    what = f"themes by language, sheet {number}"
    record(kind=AuditEntry.Kind.FIGURE_DOWNLOADED, what=what, by=member(request), study=study)
    name = f"{study.key}-themes-{number}-languages.csv"
    return HttpResponse(
        as_csv(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _act(
    request: HttpRequest,
    study: Study,
    acts: dict[str, tuple[type[forms.Form], Act]],
    right: Right,
    back: str,
) -> HttpResponse:
    """Does what the form asks, says what came of it, and shows the page again."""
    if not may(request.user, right, study):
        raise PermissionDenied
    assert isinstance(request.user, User)
    name = request.POST.get("act", "")
    address = f"{reverse(back, args=[study.key])}?{request.GET.urlencode()}".rstrip("?")
    if name not in acts:
        return redirect(address)
    form_class, act = acts[name]
    more: dict[str, Any] = {"study": study} if form_class is topics_forms.DrawForm else {}
    form = form_class(request.POST, request.FILES, **more)
    try:
        if not form.is_valid():
            raise ValidationError([one for found in form.errors.values() for one in found])
        phase = chosen_phase(request.GET.get("phase", ""))
        messages.success(request, act(study, form.cleaned_data | {"phase": phase}, request.user))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(address)


def _suggest(study: Study, data: dict[str, Any], by: User) -> str:
    request_suggestion(study=study, clusters=data["clusters"], by=by)
    return _("Suggestions are being made. Look at this page again in a minute.")


def _accept(study: Study, data: dict[str, Any], by: User) -> str:
    suggestion = get_object_or_404(TopicSuggestion, study=study, pk=data["suggestion"])
    added = add_topic(study=study, prompts=data["prompts"], topic=data["topic"], by=by)
    put_aside(suggestion=suggestion, cluster=data["cluster"])
    return _("%(topic)s was given to %(number)s prompts.") % {
        "topic": data["topic"],
        "number": added,
    }


def _aside(study: Study, data: dict[str, Any], by: User) -> str:
    suggestion = get_object_or_404(TopicSuggestion, study=study, pk=data["suggestion"])
    put_aside(suggestion=suggestion, cluster=data["cluster"])
    return _("The suggestion is put aside. No prompt was changed.")


def _rename(study: Study, data: dict[str, Any], by: User) -> str:
    changed = rename_topic(study=study, old=data["old"], new=data["new"], by=by)
    words = _("%(old)s is now %(new)s in %(number)s prompts.")
    return words % {"old": data["old"], "new": data["new"], "number": changed}


def _set(study: Study, data: dict[str, Any], by: User) -> str:
    parts = topics_forms.TopicsForm.parts
    changed = set_topics(
        study=study,
        prompt=data["prompt"],
        topics=parts(data["topics"]),
        was=parts(data["was"]),
        by=by,
    )
    return _("The topics are stored.") if changed else _("Nothing was changed.")


def _draw(study: Study, data: dict[str, Any], by: User) -> str:
    sheet = draw_sheet(
        study=study,
        phase=data["phase"],
        size=data["size"],
        coders=(data["first"], data["second"]),
        language=data["language"],
        released_only=data["released_only"],
        by=by,
    )
    return _("Sheet %(number)s is drawn. Download it for each coder.") % {"number": sheet.number}


def _code(study: Study, data: dict[str, Any], by: User) -> str:
    sheet = get_object_or_404(ThemeSheet, study=study, pk=data["sheet"])
    stored, with_theme = store_codes(
        sheet=sheet,
        coder=data["coder"],
        file=data["file"].read(),
        replace=data["replace"],
        by=by,
    )
    return _("%(stored)s explanations are coded, %(themes)s of them with a theme.") % {
        "stored": stored,
        "themes": with_theme,
    }


TOPIC_ACTS: dict[str, tuple[type[forms.Form], Act]] = {
    "suggest": (topics_forms.SuggestForm, _suggest),
    "accept": (topics_forms.AcceptForm, _accept),
    "aside": (topics_forms.AsideForm, _aside),
    "rename": (topics_forms.RenameForm, _rename),
    "set": (topics_forms.TopicsForm, _set),
}
THEME_ACTS: dict[str, tuple[type[forms.Form], Act]] = {
    "draw": (topics_forms.DrawForm, _draw),
    "code": (topics_forms.CodesForm, _code),
}

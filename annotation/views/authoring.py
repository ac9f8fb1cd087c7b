"""Authoring: a study is written step by step, and stored when its team wants it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from annotation.actions.authoring import (
    change_source_language,
    download_draft,
    draft_of,
    replace_definition,
    save_step,
    start_draft,
    store_draft,
    take_over_stored,
)
from annotation.authoring.steps import progress_of
from annotation.definition.rendering import definition_of, hash_of
from annotation.forms.authoring.base import StepPage
from annotation.forms.authoring.grid import languages_shown
from annotation.forms.authoring.pages import PAGES
from annotation.forms.authoring.starting import ReplaceForm, SourceForm, StartForm
from annotation.forms.authoring.work import PAGE
from annotation.models import Study, StudyDraft
from annotation.rights import Right, may, studies_for

View = Callable[..., HttpResponse]


def may_write(user: Any, draft: StudyDraft | None, study: Study | None) -> bool:
    """A stored study's team decides by its rights; before that, a draft is its maker's."""
    if study:
        return may(user, Right.AUTHOR, study)
    own = draft is not None and (user.is_superuser or draft.made_by_id == user.pk)
    return own and user.is_active and user.is_staff


def draft_page(view: View) -> View:
    """A page of one draft: the view gets it, and its study or None, in place of the key.

    A stored study without a draft gets one that says what its rows say.
    """

    @wraps(view)
    def page(request: HttpRequest, key: str, **more: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        study = Study.objects.filter(key=key).first()
        draft = StudyDraft.objects.filter(key=key).first()
        if not (study or draft):
            raise Http404
        if not may_write(request.user, draft, study):
            raise PermissionDenied
        if draft is None and study:
            draft = draft_of(study=study, by=None)
        return view(request, draft=draft, study=study, **more)

    return page


@require_http_methods(["GET", "HEAD", "POST"])
@staff_member_required
@permission_required("annotation.add_study", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """A new study: empty, from a file, or as another one."""
    own = studies_for(request.user, Right.AUTHOR).filter(rehearsal_of=None).order_by("key")
    form = StartForm(request.POST or None, request.FILES or None, studies=own)
    if form.is_valid():
        given = form.cleaned_data
        try:
            draft = start_draft(
                key=given["key"],
                definition=given["definition"],
                by=_user(request),
                clone_of=given.get("clone"),
            )
            return redirect("study-write", draft.key)
        except ValidationError as error:
            form.add_error("key", error.messages[0])
    stored = Study.objects.values("key")
    drafts = [
        draft
        for draft in StudyDraft.objects.exclude(key__in=stored).order_by("key")
        if may_write(request.user, draft, None)
    ]
    context = {"form": form, "drafts": drafts}
    return render(request, "desk/authoring/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def overview(request: HttpRequest, draft: StudyDraft, study: Study | None) -> HttpResponse:
    """Every step with what it lacks, and what can be done with the whole."""
    source = SourceForm(initial={"language": draft.source_language})
    upload = ReplaceForm()
    if request.method == "POST":
        upload = ReplaceForm(request.POST, request.FILES) if request.FILES else upload
        if _act(request, draft, study, upload):
            return redirect("study-write", draft.key)
        draft.refresh_from_db()
    elsewhere = study and draft.stored_hash and hash_of(definition_of(study)) != draft.stored_hash
    context = {
        "draft": draft,
        "study": study,
        "progress": _progress(draft),
        "elsewhere": elsewhere,
        "source": source,
        "upload": upload,
    }
    return render(request, "desk/authoring/overview.html", context)


def _act(request: HttpRequest, draft: StudyDraft, study: Study | None, upload: ReplaceForm) -> bool:
    """Does what a button of the overview asks; a refusal is said as a message."""
    by, version, act = _user(request), _version(request), request.POST.get("act")
    try:
        if act == "store":
            stored = store_draft(draft=draft, by=by, version=version)
            messages.success(request, _("The study %(key)s is stored.") % {"key": stored})
        elif act == "take-over" and study:
            take_over_stored(draft=draft, study=study, by=by, version=version)
        elif act == "source":
            language = SourceForm(request.POST)
            if language.is_valid():
                change_source_language(
                    draft=draft, language=language.cleaned_data["language"], by=by, version=version
                )
        elif act == "upload" and upload.is_valid():
            definition = upload.cleaned_data["file"]
            replace_definition(draft=draft, definition=definition, by=by, version=version)
        else:
            return False
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def step(request: HttpRequest, draft: StudyDraft, study: Study | None, slug: str) -> HttpResponse:
    """One step. What was typed stays on the page where it cannot be saved."""
    if slug not in PAGES:
        raise Http404
    part = request.GET.get("part", "")
    posted = request.method == "POST"
    page = PAGES[slug](
        draft, request.POST if posted else None, request.FILES if posted else None, part
    )
    if part and part not in page.part_links():
        raise Http404
    refused = ""
    if posted:
        refused = _save(request, page)
        if not refused:
            messages.success(request, _("Saved."))
            return redirect(request.get_full_path())
    context = _step_context(request, page, study) | {"refused": refused}
    return render(request, "desk/authoring/step.html", context, status=422 if refused else 200)


def _save(request: HttpRequest, page: StepPage) -> str:
    """Saves a page; returns why not, in a sentence, or nothing."""
    if not page.is_valid():
        return _("This is not saved yet: see what is said beside the fields.")
    try:
        save_step(draft=page.draft, by=_user(request), version=_version(request), **page.changed())
    except ValidationError as error:
        page.draft.refresh_from_db()
        return " ".join(error.messages)
    return ""


def _step_context(request: HttpRequest, page: StepPage, study: Study | None) -> dict[str, Any]:
    progress = _progress(page.draft)
    context: dict[str, Any] = {
        "page": page,
        "draft": page.draft,
        "study": study,
        "step": page.step,
        "progress": progress,
        "mine": next(one for one in progress if one.step.slug == page.slug),
        "languages": languages_shown(page.draft.source_language),
    }
    if hasattr(page, "prompts"):
        context["lines"] = Paginator(page.prompts, PAGE).get_page(request.GET.get("page"))
    return context


@require_GET
@draft_page
def download(request: HttpRequest, draft: StudyDraft, study: Study | None) -> HttpResponse:
    """The draft as a study file."""
    text = download_draft(draft=draft, study=study, by=_user(request))
    response = HttpResponse(text, content_type="application/yaml")
    response["Content-Disposition"] = f'attachment; filename="{draft.key}.yaml"'
    return response


def _progress(draft: StudyDraft) -> list[Any]:
    return progress_of(draft.definition, marks=draft.marks, source=draft.source_language)


def _version(request: HttpRequest) -> int:
    version = request.POST.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 9 else -1


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user

"""Drafts arrive here, from the page's own script or from a button of a page without one."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from annotation.access import ParticipantRequest, participant_required
from annotation.actions.draft import ENDED, FOREIGN, TOO_LARGE, StaleDraft, save_draft
from annotation.forms.draft import DraftForm
from annotation.models import Draft

STATUS = {FOREIGN: 404, ENDED: 410, TOO_LARGE: 413}


@require_POST
@participant_required
def draft_save(request: ParticipantRequest) -> HttpResponse:
    if request.content_type != "application/json":
        return _save_by_button(request)
    form = DraftForm(_envelope(request))
    if not form.is_valid():
        return JsonResponse({"error": "malformed"}, status=400)
    data = form.cleaned_data
    try:
        draft = save_draft(
            participation=request.participation,
            key=data["key"],
            fields=data["fields_"],
            based_on=data["revision"],
        )
    except StaleDraft as stale:
        return JsonResponse(_told(stale.draft) | {"fields": stale.draft.fields}, status=409)
    except ValidationError as error:
        return JsonResponse({"error": error.code}, status=STATUS.get(error.code or "", 400))
    return JsonResponse(_told(draft))


def _save_by_button(request: ParticipantRequest) -> HttpResponse:
    """Pressed on this page, so what this page holds is meant; then the page again."""
    fields = request.POST.dict()
    key = str(fields.pop("draft_key", ""))
    try:
        save_draft(participation=request.participation, key=key, fields=fields, based_on=None)
    except ValidationError as error:
        if error.code != ENDED:
            status = STATUS.get(error.code or "", 400)
            context = {"text": error.messages[0]}
            return render(request, "annotation/message.html", context, status=status)
    return redirect("here")


def _envelope(request: HttpRequest) -> dict[str, Any]:
    try:
        given = json.loads(request.body)
    except ValueError:
        return {}
    if not isinstance(given, dict):
        return {}
    return {"key": given.get("key"), "revision": given.get("revision"),
            "fields_": given.get("fields")}  # fmt: skip


def _told(draft: Draft) -> dict[str, Any]:
    return {"revision": draft.revision, "saved_at": draft.saved_at.isoformat()}

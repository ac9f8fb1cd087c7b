"""Who is asking, and in which language the pages speak to her."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from annotation.models import Participation
from annotation.queries.kept import read_kept

SESSION_KEY = "participation"
# Who previews her own study is both in one browser: here she is staff, in her own language.
DESK = ("/admin/", "/studies/")


class ParticipationRequest(HttpRequest):
    """A request after the middleware: `participation` is the person of this session."""

    participation: Participation | None


class ParticipationMiddleware:
    """Puts the session's participation on the request and speaks its interface language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: ParticipationRequest) -> HttpResponse:
        request.participation = self._find(request)
        if request.participation and request.participation.interface_language:
            translation.activate(request.participation.interface_language)
            request.LANGUAGE_CODE = translation.get_language() or "en"
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not response.content:
            response = _explain(request, response)
        if request.participation:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def _find(self, request: HttpRequest) -> Participation | None:
        """Her participation with its study, wave and locale, each as it stands now."""
        if request.path_info.startswith(DESK):
            return None
        key = request.session.get(SESSION_KEY)
        if key is None:
            return None
        return key and read_kept(Participation, key, "study", "wave", "locale")


def _explain(request: HttpRequest, bare: HttpResponse) -> HttpResponse:
    """The address of a form, typed or reloaded: a sentence and a way on instead of a blank page."""
    context = {"text": _("There is nothing to see at this address.")}
    page = render(request, "annotation/message.html", context, status=bare.status_code)
    page["Allow"] = bare["Allow"]
    return page

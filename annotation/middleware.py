"""Who is asking, and in which language the pages speak to her."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from annotation.models import Participation, Study

SESSION_KEY = "participation"
# A study's texts in every language weigh more than all the rest of a request: the few pages
# that show some of them read them then.
TEXTS = [
    f"study__{field.name}"
    for field in Study._meta.get_fields()
    if field.name.startswith(("summary", "guidelines", "own_prompt_", "explanation_question"))
]


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
        if request.participation:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def _find(self, request: HttpRequest) -> Participation | None:
        key = request.session.get(SESSION_KEY)
        if key is None:
            return None
        return (
            Participation.objects.select_related("study", "locale", "wave", "annotator")
            .defer(*TEXTS)
            .filter(pk=key)
            .first()
        )

"""`/healthz` is answered before sessions are read: it must speak when the database is away."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from insights.health.views import health


class HealthMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return health(request)
        return self.get_response(request)

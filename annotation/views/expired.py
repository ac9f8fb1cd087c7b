"""A page that lay open too long: its proof of origin has expired, what was entered has not."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import resolve
from django.views.csrf import csrf_failure as djangos_own


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A fresh token each time. What came from a page of ours can be sent again at once."""
    if resolve(request.path).app_names:  # the researchers' pages
        return djangos_own(request, reason=reason)
    token = get_token(request)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"error": "csrf", "token": token}, status=403)
    if request.headers.get("HX-Request"):  # the page again, with everything kept as a draft
        return HttpResponse(status=403, headers={"HX-Refresh": "true"})
    context = {"entered": _entered(request.POST) if _came_from_here(request) else []}
    return render(request, "annotation/expired.html", context, status=403)


def _came_from_here(request: HttpRequest) -> bool:
    """Told by the browser; a page elsewhere cannot have its form shown here to be confirmed."""
    origin = urlsplit(request.headers.get("Origin", ""))
    return origin.netloc == request.get_host()


def _entered(data: QueryDict) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in data.lists()
        for value in values
        if name != "csrfmiddlewaretoken"
    ]

"""Every error as problem details (RFC 9457): one sentence that says what to do, no internals."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from rest_framework.exceptions import (
    APIException,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    Throttled,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.exceptions import PermissionDenied as Forbidden
from rest_framework.response import Response

PROBLEM_TYPE = "application/problem+json"
# One body for what is not there and for what is somebody else's: they cannot be told apart.
NOTHING_HERE = "There is nothing at this address that your token opens."
# What the framework says leaves open what to do.
IN_WORDS: Mapping[type[APIException], str] = {
    MethodNotAllowed: "This address has no such method: use one that Allow names.",
    NotAcceptable: "This is not to be had as Accept asks for it: ask for application/json.",
    NotAuthenticated: "No token was sent: send yours as Authorization: Bearer plv_….",
    NotFound: NOTHING_HERE,
    Throttled: "Too many requests, or too many at once: wait as Retry-After says.",
    UnsupportedMediaType: "Send the body as JSON, with Content-Type: application/json.",
}
OUR_FAULT = "Something went wrong on our side. It is noted; try again later."

logger = logging.getLogger(__name__)


class Conflict(APIException):
    status_code = 409


class Gone(APIException):
    status_code = 410
    default_detail = "This file was deleted: ask for a new export."


class NotNow(APIException):
    """Another time, after `wait` seconds."""

    status_code = 503
    wait: float = 60


class PreconditionFailed(APIException):
    status_code = 412
    default_detail = "The file is another one than you expect: fetch it from the beginning."


class RangeNotSatisfiable(APIException):
    status_code = 416
    default_detail = "The file has no bytes in this range: its size stands in Content-Range."

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


def problem(status: int, detail: str, **members: Any) -> dict[str, Any]:
    """The members of a problem; `about:blank` means that the status says all."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}


def answer_with_problem(error: Exception, context: Mapping[str, Any]) -> Response:
    """REST framework's exception handler."""
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = Forbidden("This is not allowed.")
    elif not isinstance(error, APIException):
        # The route, not the path: a path holds a vendor's id of somebody.
        route = context["request"].resolver_match.route
        logger.error("The API failed at /%s", route, exc_info=error)
        error = APIException()
    members = _members(error)
    return Response(
        problem(**members),
        status=members["status"],
        headers=_headers(error),
        content_type=PROBLEM_TYPE,
    )


def _members(error: APIException) -> dict[str, Any]:
    if isinstance(error, ValidationError):
        errors = [{"field": field, "detail": text} for field, text in _faults(error.detail)]
        detail = " ".join(dict.fromkeys(fault["detail"] for fault in errors[:3]))
        return {"status": 422, "detail": detail, "errors": errors}
    if error.status_code == 500:
        return {"status": 500, "detail": OUR_FAULT}
    return {
        "status": error.status_code,
        "detail": IN_WORDS.get(type(error)) or str(error.detail),
    }


def _faults(detail: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each fault with the place it is about, such as `ids/3`."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            place = "" if name == "non_field_errors" else str(name)
            yield from _faults(inner, f"{where}/{place}".strip("/"))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _faults(inner, where)
    else:
        yield where, str(detail)


def _headers(error: APIException) -> dict[str, str]:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, (Throttled, NotNow)):
        headers["Retry-After"] = str(ceil(getattr(error, "wait", None) or 1))
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    return headers


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """The site's answer to what it cannot read; to a program in a program's words."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    return _plain(400, "The request could not be read.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """The site's answer when it failed before the API was reached."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return _plain(500, OUR_FAULT)


def _plain(status: int, detail: str) -> HttpResponse:
    return JsonResponse(problem(status, detail), status=status, content_type=PROBLEM_TYPE)

"""The change feed over HTTP: pages of JSON, or one stream of lines."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, cast

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
    renderer_classes,
)
from rest_framework.exceptions import APIException, ParseError
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from exports import feed
from exports.actions.tokens import note_use
from exports.models import Access, ApiToken
from exports.permissions import HasToken, TokenAuthentication
from exports.scope import Scope

PAGE_ITEMS, MOST_ITEMS = 1_000, 10_000  # of one page of JSON


class LogStopped(APIException):
    status_code = 503
    default_detail = (
        "The feed stands still after a restore of the database: the operator has to run "
        "manage.py restamp_changes."
    )
    default_code = "restored"


class NdjsonRenderer(BaseRenderer):
    """Names the media type; the view streams its lines itself."""

    media_type = "application/x-ndjson"
    format = "ndjson"
    charset = "utf-8"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        return json.dumps(data).encode() + b"\n"


class ReadsData(BasePermission):
    message = "This token opens people, not data: ask for one whose access is data."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, ApiToken) and request.auth.access == Access.DATA


@api_view(["GET"])
@authentication_classes([TokenAuthentication])
@permission_classes([HasToken, ReadsData])
@renderer_classes([JSONRenderer, NdjsonRenderer])
def feed_view(request: Request) -> HttpResponseBase:
    """What changed since a cursor, oldest first; without one, from the beginning."""
    token = cast(ApiToken, request.auth)
    scope = feed.scope_of(token)
    after = _place(request, scope)
    lines = request.accepted_renderer.format == NdjsonRenderer.format
    limit = _limit(request, most=None if lines else MOST_ITEMS)
    note_use(token=token)
    try:
        return _stream(scope, after, limit) if lines else _page(scope, after, limit or PAGE_ITEMS)
    except feed.LogFromElsewhere as stopped:
        raise LogStopped from stopped


def _place(request: Request, scope: Scope) -> feed.Place:
    cursor = request.query_params.get("cursor", "")
    try:
        return feed.Place.read(cursor, scope) if cursor else feed.Place()
    except feed.UnknownCursor as unknown:
        raise ParseError(
            "This cursor was not given out for this token's study and vendor: use the cursor "
            "of the last item you stored, or none to begin anew."
        ) from unknown


def _limit(request: Request, *, most: int | None) -> int | None:
    given = request.query_params.get("limit", "")
    if not given:
        return None
    # Nine digits are beyond any study, and no number of the database is exceeded.
    if not (given.isascii() and given.isdigit() and len(given) <= 9 and int(given) >= 1):
        raise ParseError("limit must be a whole number from 1.")
    if most is not None and int(given) > most:
        raise ParseError(f"limit is at most {most} for a page; lines (NDJSON) have no such limit.")
    return int(given)


def _page(scope: Scope, after: feed.Place, limit: int) -> HttpResponse:
    page = feed.read_page(scope, after, limit)
    cursor = page.end.cursor(scope) if page.end != feed.Place() else None
    about = f'"cursor":{json.dumps(cursor)},"more":{json.dumps(page.more)}'
    return HttpResponse(
        f'{{"items":[{",".join(page.lines)}],{about}}}',
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _stream(scope: Scope, after: feed.Place, limit: int | None) -> StreamingHttpResponse:
    pages = feed.read_pages(scope, after, limit)
    first = next(pages)  # what is wrong with the feed is an answer, not a cut
    return StreamingHttpResponse(
        _lines(chain([first], pages)),
        content_type="application/x-ndjson; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _lines(pages: Iterator[feed.Page]) -> Iterator[bytes]:
    for page in pages:
        yield "".join(f"{line}\n" for line in page.lines).encode()

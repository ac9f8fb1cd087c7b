"""The change feed over HTTP: pages of JSON, or one stream of lines."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from exports.access.streams import Permit, Stream
from exports.api.base import ApiView
from exports.api.plans import NAME, PLAN_HASH, plan_header
from exports.api.problems import NotNow
from exports.api.schema import described
from exports.api.serializers.changes import ChangePageSerializer, ChangesQuery
from exports.scope import Scope
from exports.vendors import feed
from exports.vendors.cursors import Place, UnknownCursor

PAGE_ITEMS, MOST_ITEMS = 1_000, 10_000  # of one page of JSON
LINES = "application/x-ndjson"


class LogStopped(NotNow):
    default_detail = (
        "The feed stands still after a restore of the database: the operator has to run "
        "manage.py restamp_changes."
    )


class LineRenderer(JSONRenderer):
    """Names the media type; the view streams its lines itself."""

    media_type = LINES
    format = "lines"


class Changes(ApiView):
    tag = "changes"
    renderer_classes = (JSONRenderer, LineRenderer)

    @described(
        name="read_changes",
        summary="What changed since a cursor",
        answers={
            (200, "application/json"): ChangePageSerializer,
            (200, LINES): OpenApiTypes.STR,
        },
        problems=[422, 503],
        parameters=[ChangesQuery, PLAN_HASH],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Oldest first: a page of JSON, or with `Accept: application/x-ndjson` all in lines."""
        asked = self.read(ChangesQuery, request.query_params)
        scope = feed.scope_of(self.token)
        after = _place(asked["cursor"], scope)
        limit = asked.get("limit")
        try:
            if getattr(request.accepted_renderer, "media_type", "") == LINES:
                return _stream(scope, after, limit)
            return _page(scope, after, _page_limit(limit))
        except feed.LogFromElsewhere as stopped:
            raise LogStopped from stopped


def _place(cursor: str, scope: Scope) -> Place:
    try:
        return Place.read(cursor, scope) if cursor else Place()
    except UnknownCursor as unknown:
        sentence = (
            "This cursor was not given out for this token's study and vendor: use the cursor "
            "of the last item you stored, or none to begin anew."
        )
        raise serializers.ValidationError({"cursor": sentence}) from unknown


def _page_limit(limit: int | None) -> int:
    if limit is not None and limit > MOST_ITEMS:
        sentence = f"A page holds at most {MOST_ITEMS} items; lines (NDJSON) have no such limit."
        raise serializers.ValidationError({"limit": sentence})
    return limit or PAGE_ITEMS


def _page(scope: Scope, after: Place, limit: int) -> HttpResponse:
    with Permit() as permit:
        page = feed.read_page(scope, after, limit)
        permit.pause()
        permit.rest()
    ended = page.end != Place()
    headers = plan_header(scope.study)
    about = JSONRenderer().render(
        {
            "cursor": page.end.cursor(scope) if ended else None,
            "more": page.more,
            "plan_hash": headers[NAME],
        }
    )
    items = ",".join(page.lines).encode()
    body = b'{"items":[' + items + b"]," + about[1:]
    return HttpResponse(body, content_type="application/json", headers=headers)


def _stream(scope: Scope, after: Place, limit: int | None) -> StreamingHttpResponse:
    permit, pages = Permit(), feed.read_pages(scope, after, limit)
    try:
        first = next(pages)  # what is wrong with the feed is an answer, not a cut
    except BaseException:
        permit.close()
        raise
    return StreamingHttpResponse(
        Stream(permit, _lines(chain([first], pages))),
        content_type=LINES,
        headers=plan_header(scope.study),
    )


def _lines(pages: Iterator[Any]) -> Iterator[bytes]:
    for page in pages:
        yield "".join(f"{line}\n" for line in page.lines).encode()

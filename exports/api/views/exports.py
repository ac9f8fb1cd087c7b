"""Exports: asked for, listed, looked at."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from exports.actions.requesting import FileDeleted, KeyUsedOtherwise, request_export_once
from exports.api.base import ApiView
from exports.api.paging import cut, last_of, next_page
from exports.api.parsing import SendsWhatItHas
from exports.api.problems import Conflict, Gone
from exports.api.schema import described
from exports.api.serializers.exports import (
    ExportPageSerializer,
    ExportRequestSerializer,
    ExportSerializer,
    address_of,
)
from exports.api.serializers.strict import PageQuery
from exports.containers import Container
from exports.files.readme import readme
from exports.models import Export, State

RETRY_SECONDS = 5
UNDER_WAY = (State.QUEUED, State.RUNNING)
KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEY_OF_DELETED = (
    "The file that this Idempotency-Key asked for was deleted: ask for the export again, with a "
    "new key."
)
MARKDOWN = "text/markdown; charset=utf-8"


class ExportView(ApiView):
    tag = "exports"

    def exports(self) -> "QuerySet[Export]":
        """What this very token asked for: another of the vendor may carry other columns."""
        return Export.objects.filter(token=self.token)

    def find(self, export_id: str) -> Export:
        export = self.exports().filter(public_id=export_id).first()
        if export is None:
            raise NotFound
        return export

    def answer(self, export: Export, status: int = 200) -> Response:
        waits = {"Retry-After": str(RETRY_SECONDS)} if export.state in UNDER_WAY else {}
        return Response(ExportSerializer(export).data, status=status, headers=waits)


class Exports(ExportView):
    idempotency_key: ClassVar = OpenApiParameter(
        KEY_HEADER,
        str,
        OpenApiParameter.HEADER,
        description="The same key gives the same export, whatever became of it; 410 once its "
        "file was deleted: then ask with a new key.",
    )

    @described(
        name="list_exports",
        summary="Your exports",
        answers={200: ExportPageSerializer},
        problems=[422],
        parameters=[PageQuery],
    )
    def get(self, request: Request) -> Response:
        """What this token asked for, newest first."""
        asked = self.read(PageQuery, request.query_params)
        rows = self.exports().order_by("-pk")
        if asked["after"]:
            last = self.exports().filter(public_id=asked["after"]).first()
            if last is None:
                raise serializers.ValidationError({"after": "You have no such export."})
            rows = rows.filter(pk__lt=last.pk)
        items, more = cut(rows, asked["limit"])
        after = last_of(items, "public_id")
        page = {
            "items": items,
            "next": next_page(request, after=after, limit=asked["limit"], more=more),
        }
        return Response(ExportPageSerializer(page).data)

    @described(
        name="request_export",
        summary="Ask for an export",
        request=ExportRequestSerializer,
        answers={200: ExportSerializer, 202: ExportSerializer},
        problems=[400, 409, 410, 413, 415, 422],
        parameters=[idempotency_key],
    )
    def post(self, request: Request) -> Response:
        """202: it is being made; ask at `Location` again. 200: this request was made before,
        and its export is made."""
        asked = self.read(ExportRequestSerializer, request.data)
        key = request.headers.get(KEY_HEADER, "")
        if len(key) > LONGEST_KEY:
            raise serializers.ValidationError({KEY_HEADER: "Use at most 255 characters."})
        try:
            export = request_export_once(
                token=self.token,
                format=asked["format"],
                container=Container(asked["container"]),
                options={"variant": asked["variant"], "times": asked["times"]},
                key=key,
            )
        except FileDeleted:
            raise Gone(KEY_OF_DELETED) from None
        except KeyUsedOtherwise as error:
            raise serializers.ValidationError({KEY_HEADER: error.messages[0]}) from None
        except ValidationError as error:
            raise Conflict(error.messages[0]) from None
        answer = self.answer(export, status=202 if export.state in UNDER_WAY else 200)
        answer["Location"] = address_of(export)
        return answer


class OneExport(ExportView):
    @described(
        name="read_export",
        summary="How far an export is",
        answers={200: ExportSerializer},
        problems=[404],
    )
    def get(self, request: Request, export_id: str) -> Response:
        """Once it is `ready`, `download` is the address of the file."""
        return self.answer(self.find(export_id))


class Readme(ExportView):
    content_negotiation_class = SendsWhatItHas

    @described(
        name="read_export_readme",
        summary="What an export holds",
        answers={(200, "text/markdown"): OpenApiTypes.STR},
        problems=[404],
    )
    def get(self, request: Request, export_id: str) -> HttpResponse:
        """Its columns, how to read and use it, the moment and the frozen plan it is of; once the
        export is `ready`."""
        export = self.find(export_id)
        if export.state != State.READY:
            raise NotFound
        return HttpResponse(readme(export), content_type=MARKDOWN)

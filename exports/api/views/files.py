"""The file of an export, whole or in parts, by a signed address."""

from pathlib import Path

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from exports.access.transfers import RETRY_SECONDS, AllTaken, Transfer, connection_of
from exports.actions.downloading import note_download
from exports.api.authentication import check_address
from exports.api.base import ApiView
from exports.api.parsing import SendsWhatItHas
from exports.api.problems import Gone, NotNow, PreconditionFailed, RangeNotSatisfiable
from exports.api.schema import described
from exports.api.serializers.exports import DownloadQuery
from exports.api.throttling import count_failure
from exports.containers import Container
from exports.files import downloads
from exports.files.ranges import Part, Unsatisfiable, part_of
from exports.models import Export

MEDIA_TYPES = {
    Container.CSV: "text/csv; charset=utf-8",
    Container.JSONL: "application/x-ndjson",
    Container.JSONL_GZ: "application/gzip",
    Container.JSONL_ZST: "application/zstd",
    Container.PARQUET: "application/vnd.apache.parquet",
}
BYTES = {
    (status, media_type.partition(";")[0]): OpenApiTypes.BINARY
    for status in (200, 206)
    for media_type in MEDIA_TYPES.values()
}
SENT = {
    "If-None-Match": "the ETag you have: 304 where it is the same",
    "If-Match": "the ETag you want: 412 where it is another",
    "Range": "one range of bytes, such as `bytes=1000-`",
    "If-Range": "the ETag you have: another file is sent whole",
}
ANSWERED = {
    "ETag": ((200, 206, 304), "the file's SHA-256 in quotation marks"),
    "Accept-Ranges": ((200, 206), "`bytes`"),
    "Content-Range": ((206, 416), "the part that follows, and the size of the whole"),
}
HEADERS = [
    *(
        OpenApiParameter(name, str, OpenApiParameter.HEADER, description=meaning)
        for name, meaning in SENT.items()
    ),
    *(
        OpenApiParameter(
            name, str, OpenApiParameter.HEADER, description=meaning, response=list(where)
        )
        for name, (where, meaning) in ANSWERED.items()
    ),
]


class Busy(NotNow):
    wait = RETRY_SECONDS
    default_detail = "As many files leave as can at once: come again as Retry-After says."


class Download(ApiView):
    tag = "exports"
    authentication_classes = ()
    permission_classes = (AllowAny,)
    content_negotiation_class = SendsWhatItHas

    @described(
        name="download_export",
        summary="Fetch an export's file",
        answers={**BYTES, 304: None},
        problems=[404, 410, 412, 416, 503],
        parameters=[DownloadQuery, *HEADERS],
        open_to_all=True,
    )
    def get(self, request: Request, export_id: str) -> HttpResponseBase:
        """The bytes, by the address that the export's `download` gives; no token is needed,
        but the one that asked for the export must still be valid. 206: a part of them."""
        export = self._find(request, export_id)
        return _send(request, export, downloads.path_of(export))

    def _find(self, request: Request, export_id: str) -> Export:
        sent = {name: request.query_params.get(name, "") for name in ("expires", "signature")}
        try:
            export = downloads.find_signed(export_id, **sent)
        except downloads.Expired:
            raise PermissionDenied(
                "This address has expired: read the export again, which gives a new one."
            ) from None
        except downloads.NoLongerValid:
            raise PermissionDenied(
                "The token that asked for this file has ended: ask anew with another."
            ) from None
        except downloads.Gone:
            raise Gone from None
        if export is None:
            count_failure(request)
            raise NotFound
        assert export.token is not None
        check_address(request, export.token)
        return export


def _send(request: Request, export: Export, path: Path) -> HttpResponseBase:
    """The file, a part of it, or that it has not changed; to HEAD, what would be sent."""
    etag, size = f'"{export.sha256}"', path.stat().st_size
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store, no-transform",
        "Content-Type": MEDIA_TYPES[Container(export.container)],
        "Content-Disposition": f'attachment; filename="{_name(export)}"',
    }
    judged = get_conditional_response(request._request, etag=etag)
    if judged is not None and judged.status_code == 412:
        raise PreconditionFailed
    if judged is not None:
        judged["ETag"] = etag
        return judged
    if request.method == "HEAD":
        return HttpResponse(headers={**headers, "Content-Length": str(size)})
    part = _wanted(request, etag, size)
    status, sent = (206, part) if part else (200, Part(0, size - 1))
    if part:
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    headers["Content-Length"] = str(sent.size)
    transfer = _begin(request, export, path, sent)
    note_download(file=export, token=export.token, first_byte=sent.first)
    return StreamingHttpResponse(transfer, status=status, headers=headers)


def _begin(request: Request, export: Export, path: Path, part: Part) -> Transfer:
    connection = connection_of(request._request)
    try:
        return Transfer(path, part, recipient=f"vendor:{export.vendor_id}", connection=connection)
    except AllTaken:
        raise Busy from None


def _wanted(request: Request, etag: str, size: int) -> Part | None:
    """The range asked for; None for the whole, as where If-Range knows another file."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    try:
        return part_of(request.headers.get("Range", ""), size=size)
    except Unsatisfiable:
        raise RangeNotSatisfiable(size) from None


def _name(export: Export) -> str:
    return f"{export.study.key}-{export.format}-{export.public_id}.{export.container}"

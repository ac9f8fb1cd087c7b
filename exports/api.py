"""The vendors' REST API."""

from typing import cast

from django.core.exceptions import ValidationError
from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from exports.actions.tokens import note_use
from exports.containers import Begun, stream_snapshot
from exports.formats.community_alignment import FORMAT
from exports.models import ApiToken
from exports.permissions import HasToken, TokenAuthentication
from exports.scope import Scope


@api_view(["GET"])
@authentication_classes([TokenAuthentication])
@permission_classes([HasToken])
def community_alignment_csv(request: Request) -> HttpResponseBase:
    """Every finished conversation of the token's vendor and study, streamed."""
    token = cast(ApiToken, request.auth)
    scope = Scope(
        study=token.study,
        recipient=f"vendor:{token.vendor.key}",
        vendor=token.vendor,
        fields=frozenset(token.fields),
    )
    note_use(token=token)
    try:
        FORMAT.check(token.study)
        blocks = Begun(stream_snapshot(FORMAT, scope))
    except ValidationError as error:
        return Response({"detail": error.messages[0]}, status=409)
    return StreamingHttpResponse(
        blocks,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="community-alignment.csv"',
            "Cache-Control": "no-store",
        },
    )

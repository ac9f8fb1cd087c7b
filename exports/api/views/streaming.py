"""The wide CSV in one answer, without a job."""

from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from exports.access.streams import Permit, Stream
from exports.api.base import ApiView
from exports.api.parsing import SendsWhatItHas
from exports.api.plans import PLAN_HASH, plan_header
from exports.api.problems import Conflict
from exports.api.schema import described
from exports.containers import Begun, stream_snapshot
from exports.formats.community_alignment import FORMAT
from exports.scope import Scope


class CommunityAlignment(ApiView):
    tag = "exports"
    content_negotiation_class = SendsWhatItHas

    @described(
        name="stream_community_alignment",
        summary="The Community Alignment CSV, at once",
        answers={(200, "text/csv"): OpenApiTypes.STR},
        problems=[409],
        parameters=[PLAN_HASH],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every finished conversation of your people, streamed; it cannot be resumed."""
        token = self.token
        scope = Scope(
            study=token.study,
            recipient=f"vendor:{token.vendor.key}",
            vendor=token.vendor,
            fields=frozenset(token.fields),
        )
        # Before the rows: they leave over the same connection, which answers nothing meanwhile.
        headers = plan_header(token.study)
        permit = Permit()
        try:
            FORMAT.check(token.study)
            blocks = Begun(stream_snapshot(FORMAT, scope))
        except BaseException as fault:
            permit.close()
            if isinstance(fault, ValidationError):
                raise Conflict(fault.messages[0]) from None
            raise
        return StreamingHttpResponse(
            Stream(permit, blocks),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": 'attachment; filename="community-alignment.csv"',
                **headers,
            },
        )

"""The wide CSV in one answer, without a job."""

from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from exports.api.base import ApiView
from exports.api.parsing import SendsWhatItHas
from exports.api.problems import Conflict
from exports.api.schema import described
from exports.formats import community_alignment


class CommunityAlignment(ApiView):
    tag = "exports"
    content_negotiation_class = SendsWhatItHas

    @described(
        name="stream_community_alignment",
        summary="The Community Alignment CSV, at once",
        answers={(200, "text/csv"): OpenApiTypes.STR},
        problems=[409],
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Every finished conversation of your people, streamed; it cannot be resumed."""
        try:
            community_alignment.check_study(self.token.study)
        except ValidationError as error:
            raise Conflict(error.messages[0]) from None
        lines = community_alignment.stream_csv(
            study=self.token.study, vendor=self.token.vendor, fields=self.token.fields
        )
        return StreamingHttpResponse(
            lines,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="community-alignment.csv"'},
        )

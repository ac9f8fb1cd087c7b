"""Compression of pages on their way, but not of what must arrive as it is stored."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressionMiddleware(GZipMiddleware):
    """Leaves alone what says `no-transform` (RFC 9111, 5.2.2.6): its ranges count stored bytes."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "no-transform" in response.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)

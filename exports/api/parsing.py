"""How requests are read: JSON of a bounded size. And how answers are agreed on."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

LARGEST_BODY = 1 << 20  # bytes; a thousand of the longest ids are a fifth of it


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = "The body is larger than 1 MiB: send it in parts."


class SmallJSONParser(JSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge
        try:
            found = super().parse(io.BytesIO(body), media_type, parser_context)
            json.dumps(found, ensure_ascii=False).encode()
        except (ParseError, RecursionError):
            raise ParseError("The body could not be read as JSON.") from None
        except UnicodeEncodeError:  # neither stored nor told again in a problem
            raise ParseError(
                "A text of the body holds half a character, a surrogate alone: take it out."
            ) from None
        return found


class SendsWhatItHas(BaseContentNegotiation):
    """For files: their type is fixed, whatever `Accept` says; problems are JSON."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""

"""How the code is described as OpenAPI 3.1: docs/openapi.yaml is made from this."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from exports.api.problems import PROBLEM_TYPE

Method = TypeVar("Method", bound=Callable[..., Any])
ALWAYS = (401, 403, 406, 429, 500)
MEANINGS = {
    400: "The request could not be read.",
    401: "No token, or one that is not known, has expired or was revoked.",
    403: "The token opens something else, or is not to be used from your address.",
    404: "Nothing is here that the token opens. What is somebody else's looks the same.",
    406: "It is not to be had as `Accept` asks for it.",
    409: "The study, or how it is set up, does not allow this.",
    410: "The file was deleted.",
    412: "The file is another one than `If-Match` says.",
    413: "The body is larger than 1 MiB.",
    415: "The body must be `application/json`.",
    416: "The file has no bytes in this range.",
    422: "Something in the request is wrong; `errors` says what and where.",
    429: "Too many requests in a minute, or too many long answers at once.",
    500: "A fault of ours.",
    503: "Not for the moment; `detail` says why.",
}
HEADERS: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "WWW-Authenticate": (str, (401,), "`Bearer`"),
    "Retry-After": (int, (202, 429, 503), "seconds"),
    "Location": (OpenApiTypes.URI, (200, 202), "where the export's state stands"),
}


class ProblemSerializer(serializers.Serializer[Any]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="`about:blank`: the status says all")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="one sentence that says what to do")
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(child=serializers.CharField()),
        required=False,
        help_text="with 422: each fault with its `field` and its `detail`",
    )


class Schema(AutoSchema):
    """Names parts of the description as the API's own addresses read."""

    def get_tags(self) -> list[str]:
        return [str(getattr(self.view, "tag", ""))]

    def get_filter_parameters(self) -> list[Any]:
        return []


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exports.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token opens data or people."}


class StrictSerializerExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says that a field which is not described is refused."""

    target_class = "exports.api.serializers.StrictSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = auto_schema._map_serializer(  # type: ignore[no-untyped-call]
            self.target, direction, bypass_extensions=True
        )
        return {**described, "additionalProperties": False}


def described(
    *,
    name: str,
    summary: str,
    answers: Mapping[Any, Any],
    problems: Sequence[int] = (),
    request: Any = None,
    parameters: Sequence[OpenApiParameter | type] = (),
    open_to_all: bool = False,
    tag: str = "",
) -> Callable[[Method], Method]:
    """Describes a view's method, with all it can answer; the longer text is its docstring.

    The tag is that of the view's class; a function, which has none, names one.
    """
    faults = sorted({*problems, *((403, 429, 500) if open_to_all else ALWAYS)})
    statuses = {key if isinstance(key, int) else key[0] for key in answers} | set(faults)
    return extend_schema(
        operation_id=name,
        summary=summary,
        request=request,
        responses={
            **{key: _named(key, answer) for key, answer in answers.items()},
            **{(status, PROBLEM_TYPE): _fault(status) for status in faults},
        },
        parameters=[*parameters, *_headers(statuses, answers)],
        auth=[] if open_to_all else None,
        tags=[tag] if tag else None,
    )


def _named(key: Any, answer: Any) -> OpenApiResponse:
    status = key if isinstance(key, int) else key[0]
    return OpenApiResponse(answer, HTTPStatus(status).phrase)


def _fault(status: int) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, MEANINGS[status])


def _headers(statuses: set[int], answers: Mapping[Any, Any]) -> list[OpenApiParameter]:
    found = []
    for name, (kind, where, meaning) in HEADERS.items():
        if name == "Location" and 202 not in answers:
            continue
        here = sorted(set(where) & statuses)
        if here:
            found.append(
                OpenApiParameter(name, kind, OpenApiParameter.HEADER, description=meaning,
                                 response=here)
            )  # fmt: skip
    return found

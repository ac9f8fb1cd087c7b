"""The token's study, how far it is, and the formats it can be had in."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models import Study
from exports.api.base import ApiView
from exports.api.schema import described
from exports.api.serializers.studies import (
    FormatListSerializer,
    PhaseQuery,
    ProgressSerializer,
    StudyListSerializer,
    StudySerializer,
)
from exports.format import Format
from exports.formats import FORMATS
from exports.models import ApiToken
from exports.vendors.progress import progress


class StudyView(ApiView):
    tag = "studies"

    def study(self, key: str) -> Study:
        """The token's study. Raises NotFound for any other key, whether or not it is one."""
        if key != self.token.study.key:
            raise NotFound
        return self.token.study


class Studies(StudyView):
    @described(name="list_studies", summary="Your studies", answers={200: StudyListSerializer})
    def get(self, request: Request) -> Response:
        """The one study that the token opens."""
        return Response(StudyListSerializer({"items": [_plain(self.token.study)]}).data)


class OneStudy(StudyView):
    @described(name="read_study", summary="A study", answers={200: StudySerializer}, problems=[404])
    def get(self, request: Request, study_key: str) -> Response:
        """What the study is, and where it runs."""
        return Response(StudySerializer(_plain(self.study(study_key))).data)


class Progress(StudyView):
    @described(
        name="read_progress",
        summary="How far a study is",
        answers={200: ProgressSerializer},
        problems=[404, 422],
        parameters=[PhaseQuery],
    )
    def get(self, request: Request, study_key: str) -> Response:
        """Per locale, whether more people are wanted, and how yours and their sets ended."""
        study = self.study(study_key)
        phase = self.read(PhaseQuery, request.query_params)["phase"]
        found = progress(study, self.token.vendor, phase)
        return Response(
            ProgressSerializer({"study": study.key, "phase": phase, "locales": found}).data
        )


class Formats(ApiView):
    tag = "exports"

    @described(
        name="list_formats",
        summary="Formats and their columns",
        answers={200: FormatListSerializer},
    )
    def get(self, request: Request) -> Response:
        """Every dataset format, and which of its columns your token carries."""
        items = [_format(FORMATS[name], self.token) for name in sorted(FORMATS)]
        return Response(FormatListSerializer({"items": items}).data)


def _plain(study: Study) -> dict[str, Any]:
    return {
        "key": study.key,
        "title": study.title,
        "status": study.status,
        "closes_on": study.closes_on,
        "locales": study.locales.order_by("country", "language"),
    }


def _format(form: Format, token: ApiToken) -> dict[str, Any]:
    try:
        form.check(token.study)
        refusal = ""
    except ValidationError as error:
        refusal = error.messages[0]
    columns = [
        {
            "name": column.name,
            "type": column.type.value,
            "meaning": column.meaning,
            "labels": dict(column.labels),
            "special": column.special,
            "filled": column.name in token.fields,
        }
        for column in form.columns
    ]
    named = {name: getattr(form, name) for name in ("name", "title", "row", "not_carried")}
    return {**named, "refusal": refusal, "columns": columns}

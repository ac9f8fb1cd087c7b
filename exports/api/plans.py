"""The frozen plan of what is streamed, which has no row that could name it."""

from drf_spectacular.utils import OpenApiParameter

from annotation.models import Study

NAME = "Plan-Hash"
PLAN_HASH = OpenApiParameter(
    NAME,
    str,
    OpenApiParameter.HEADER,
    description="SHA-256 of the study's frozen plan; empty: none is frozen",
    response=[200],
)


def plan_header(study: Study) -> dict[str, str]:
    return {NAME: study.plan_hash}

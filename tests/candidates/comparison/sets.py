"""Records of sets as the statistics of a comparison take them."""

from candidates.comparison.axes import AXIS_OF
from candidates.comparison.records import Response, SetRecord


def judged(*poles: str | None) -> list[Response]:
    """Responses of which each speaks for one pole, `neither`, or was not judged (None)."""
    return [
        Response(
            source="nc",
            text="word " * 10,
            poles={
                axis: None if pole is None else pole if AXIS_OF.get(pole) == axis else "neither"
                for axis in ("secular_traditional", "survival_expression")
            },
        )
        for pole in poles
    ]


def a_set(
    prompt: str = "p1",
    *poles: str | None,
    sampler: str = "a v1",
    language: str = "en",
    lexical: float | None = 0.5,
) -> SetRecord:
    return SetRecord(
        sampler=sampler,
        prompt=prompt,
        language=language,
        ready=True,
        valid_attempts=1,
        refused_attempts=0,
        attempts=1,
        measures={"lexical": lexical, "semantic": None},
        responses=judged(*poles),
    )

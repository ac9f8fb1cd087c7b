"""A picture of figures, as data: what it shows, not how it is drawn.

`templates/desk/chart.html` draws it; beside every picture stands a table of the same figures.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    BARS = "bars"
    LINES = "lines"
    POINTS = "points"  # with `low` and `high`: points and their intervals


@dataclass(frozen=True)
class Series:
    """Values in the order of the chart's labels; None: no figure. `low`/`high`: an interval."""

    name: str
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


@dataclass(frozen=True)
class Chart:
    """`title` says in one sentence what the picture shows; `unit` names the value axis."""

    kind: Kind
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    lowest: float | None = None
    highest: float | None = None
    lines: Sequence[tuple[str, float]] = field(default=())  # such as ("chance", 0.25)

    def as_data(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON."""
        return asdict(self)

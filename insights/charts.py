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


@dataclass(frozen=True)
class HeatCell:
    """What stands in a cell, and its tint from 0 to 10; None: no figure, no tint."""

    words: str
    level: int | None = None


@dataclass(frozen=True)
class HeatRow:
    name: str
    cells: Sequence[HeatCell]


@dataclass(frozen=True)
class HeatMap:
    """A table whose figures are tinted: `templates/desk/heatmap.html`, as `map`.

    `corner` names the rows.
    """

    title: str
    corner: str
    columns: Sequence[str]
    rows: Sequence[HeatRow]


def heat(value: float | None, most: float) -> int | None:
    """The tint of a value between 0 and `most`, from 0 to 10: 10 only for the most itself."""
    if value is None:
        return None
    if most <= 0:
        return 0
    return max(0, min(10, int(10 * value / most)))

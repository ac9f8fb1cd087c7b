"""What a panel shows: figures and sentences, not how they are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from annotation.models import Phase, Study
from insights.charts import Chart
from insights.tables import Table

HEATS = 10


@dataclass(frozen=True)
class HeatCell:
    """`heat` from 0 (nothing) to 10 (all that is wanted)."""

    words: str
    heat: int


@dataclass(frozen=True)
class Heat:
    """A table whose cells are coloured by how far they are. None: nothing is wanted there."""

    title: str
    head: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[tuple[Sequence[str], Sequence[HeatCell | None]]]


@dataclass(frozen=True)
class View:
    """One panel at one moment. Alarms are whole sentences: they are read aloud."""

    tables: Sequence[Table] = ()
    lines: Sequence[str] = ()
    alarms: Sequence[str] = ()
    chart: Chart | None = None
    heat: Heat | None = None


@dataclass(frozen=True)
class Panel:
    """A part of the page with an address of its own, asked for again every so many seconds.

    `meaning`: what each figure is, by its name. `more`: names and words of pages that say more.
    """

    name: str
    title: Promise
    every: int
    read: Callable[[Study, Phase], View]
    meaning: Sequence[tuple[Promise, Promise]] = ()
    more: Sequence[tuple[str, Promise]] = field(default=())


def heat_of(done: int, wanted: int) -> int:
    return min(HEATS, HEATS * done // wanted) if wanted else HEATS

"""What a panel shows: figures and sentences, not how they are drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.functional import Promise

from annotation.models import Phase, Study
from insights.charts import Chart, HeatMap
from insights.tables import Table

SECONDS, MINUTE, FIVE_MINUTES = 10, 60, 300
HALF_HOUR = 1800  # for what counts every display of the study


@dataclass(frozen=True)
class View:
    """One panel at one moment. Alarms are whole sentences: they are read aloud. `waiting`: the
    figures are being counted, and are asked for again soon."""

    tables: Sequence[Table] = ()
    lines: Sequence[str] = ()
    alarms: Sequence[str] = ()
    chart: Chart | None = None
    heat: HeatMap | None = None
    waiting: bool = False


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

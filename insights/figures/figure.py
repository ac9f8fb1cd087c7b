"""What a figure of a study is: what it means, how it is computed, and what it found.

Words stand here as they are in English, marked with `gettext_noop`, and are translated when a
page shows them: a figure is computed once, for readers of every language.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

from insights.charts import Chart, Series

if TYPE_CHECKING:
    from insights.figures.judgements import Judgements


class Turns(models.TextChoices):
    """Which judgements a figure is about. Later turns depend on the person before them."""

    FIRST = "first", _("turn 1 of pool conversations")
    LATER = "later", _("turns from the second on of pool conversations")
    OWN = "own", _("all turns of own conversations")
    ALL = "all", _("all turns of all conversations")


class Unit(StrEnum):
    """What would be drawn anew if the study were done again: the unit of an interval."""

    PEOPLE = noop("people (the prompts stay)")
    PEOPLE_AND_PROMPTS = noop("people and prompts")
    PROMPTS = noop("prompts")
    NONE = noop("counts of what happened: no interval")


class Beside(StrEnum):
    """What else than judgements a figure rests on. When it changes the figure is behind."""

    NOTHING = ""
    PLACES = "places"  # places given, people and targets
    LOCK = "lock"  # whether outcomes by group are locked: then it has no rows by locale


class Shape(StrEnum):
    """What the cells of a column are. An interval's are (value, low, high)."""

    WORDS = "words"
    COUNT = "count"
    FIGURE = "figure"
    INTERVAL = "interval"


Interval = tuple[float | None, float | None, float | None]
Value = str | int | float | Interval | None


@dataclass(frozen=True)
class Options:
    """What a reader may choose. `arm` is a sampler as `key v1`; empty: all arms together."""

    turns: str = Turns.FIRST.value
    excluded: bool = False  # with the people whom somebody left out by the exclusion rules
    arm: str = ""

    @property
    def hash(self) -> str:
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Column:
    """`name` heads it in the CSV, `title` on the page. `percent`: shown as a share of 100."""

    name: str
    title: str
    shape: Shape = Shape.FIGURE
    places: int = 2
    percent: bool = False


@dataclass(frozen=True)
class Remark:
    """A sentence beside the figures; `values` fill its named places."""

    words: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What was found. People, judgements and sets are those that the figures rest on."""

    people: int
    judgements: int
    sets: int
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    chart: Chart | None = None
    remarks: Sequence[Remark] = ()

    def as_data(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON; what is not a number becomes null."""
        data: dict[str, Any] = _plain(asdict(self))
        return data

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> "Result":
        chart = data["chart"]
        if chart is not None:
            lines = tuple((name, value) for name, value in chart["lines"])
            series = tuple(Series(**one) for one in chart["series"])
            chart = Chart(**chart | {"series": series, "lines": lines})
        columns = tuple(Column(**one | {"shape": Shape(one["shape"])}) for one in data["columns"])
        remarks = tuple(Remark(**one) for one in data["remarks"])
        return cls(**data | {"chart": chart, "columns": columns, "remarks": remarks})


def _plain(value: Any) -> Any:
    """Without numpy's types, tuples and what JSON cannot say."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True)
class Figure:
    """A figure that a page shows.

    `definition` says in plain words what it is; `source` cites it. `by_groups`: it compares
    what groups of people prefer, and stays locked until the phase closes. `beside`: what else
    than judgements it rests on. `of_answers`: on what people said of themselves as well.
    `minimum`: people below whom no single figure of it is shown. `version` grows when the
    code would find something else in the same rows. `turns` says in words which ones it is
    about, whatever a reader chooses; empty: the chosen ones.
    """

    key: str
    group: str
    title: str
    definition: str
    unit: Unit
    compute: "Callable[[Judgements, Options], Result]"
    by_groups: bool = False
    beside: Beside = Beside.NOTHING
    of_answers: bool = False
    minimum: int = 20
    version: int = 1
    turns: str = ""
    source: str = ""

    def chosen(self, options: Options) -> Options:
        """What of a reader's choice this figure follows."""
        return replace(options, turns=Turns.FIRST.value) if self.turns else options

"""What a dataset format is: a name, columns in order, and one SQL query that yields its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.backends.utils import CursorWrapper

from annotation.models import Study
from exports.pseudonyms import Pseudonyms
from exports.scope import Scope


class Type(StrEnum):
    """Real types; each container writes them its own way."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"  # an instant, UTC
    TEXTS = "texts"  # list of text
    INTEGERS = "integers"  # list of whole numbers
    MESSAGES = "messages"  # list of {"role", "content"}
    JSON = "json"  # any structure, as JSON text where a container has no such type


@dataclass(frozen=True)
class Column:
    """One column. `labels` maps each value that can occur to what it means, where few can."""

    name: str
    type: Type
    meaning: str  # one sentence for the codebook, with the unit
    labels: Mapping[str, str] = field(default_factory=dict)
    personal: bool = False  # about a person: recoded and suppressed at release
    special: bool = False  # special category: leaves only where it is listed


@dataclass(frozen=True)
class Query:
    """SQL with named parameters (`%(name)s`) whose result has exactly the format's columns.

    It is run in a transaction that `pseudonyms` were handed over to.
    """

    sql: str
    parameters: Mapping[str, Any]
    pseudonyms: Pseudonyms

    def execute(self, cursor: CursorWrapper) -> None:
        self.pseudonyms.hand_over(cursor)
        cursor.execute(self.sql, dict(self.parameters))


def accept_any(study: Study) -> None:
    """A format that every study fits."""


@dataclass(frozen=True)
class Format:
    """A dataset format. `check` raises ValidationError where a study does not fit."""

    name: str
    title: str
    row: str  # what one row is, as a sentence
    columns: tuple[Column, ...]
    query: Callable[[Scope], Query]
    not_carried: str  # what a reader must fetch elsewhere
    check: Callable[[Study], None] = accept_any
    for_people: bool = False  # meant for spreadsheets: formulas are neutralised in its CSV

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

"""Questions that every request asks the database, written as SQL once.

Django writes the SQL of a queryset each time it is asked, which costs several times what
PostgreSQL needs to answer. A prepared question is an ordinary queryset with gaps: a function
that builds it from its arguments. It is built and compiled for the first caller, with a gap in
place of each argument; each call fills the gaps.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=Model)


class Gap(Value):
    """Where an argument of each call comes in. It can be compared with, not computed with."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


@dataclass(frozen=True)
class _Compiled(Generic[Row]):
    queryset: "QuerySet[Row, Any]"
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, tuple[list[Any], Any]]  # of columns whose values become Python's


class AlreadyPreparedError(TypeError):
    """A prepared question was filtered, ordered or cut further: its SQL is written."""


class prepared(Generic[Row]):
    """Makes a prepared question of a function that builds a queryset from keywords.

    What the function reads elsewhere is written into the statement for good: it must depend
    on its arguments alone, and these are values, neither None nor lists.
    """

    def __init__(self, build: Callable[..., "QuerySet[Row, Any]"]) -> None:
        self.build = build  # for the same question without preparation
        self._compiled: dict[tuple[str, ...], _Compiled[Row]] = {}

    def __call__(self, **arguments: Any) -> "QuerySet[Row, Any]":
        """The queryset, with these arguments; lazy. Raises AlreadyPreparedError where it is
        asked for anything but its rows: filtered, ordered, cut, counted."""
        names = tuple(arguments)
        known = self._compiled.get(names)
        if known is None:
            known = self._compiled[names] = self._compile(names)
        mine = copy.copy(known.compiler)
        mine.connection = connection
        filled = tuple(
            arguments[item.value] if isinstance(item, Gap) else item for item in known.parameters
        )
        mine.as_sql = lambda *_args, **_options: (known.sql, filled)  # type: ignore[method-assign]
        mine.get_converters = lambda _columns: known.converters  # type: ignore[method-assign, assignment]
        found = known.queryset.all()
        query = found.query
        query.get_compiler = lambda *_args, **_options: mine  # type: ignore[method-assign]
        query.clone = _refuse  # type: ignore[method-assign]
        return found

    def _compile(self, names: tuple[str, ...]) -> "_Compiled[Row]":
        queryset = self.build(**{name: Gap(name) for name in names})
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        assert not any(isinstance(item, datetime) for item in parameters), "a moment for good"
        assert compiler.select is not None
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        return _Compiled(queryset, compiler, sql, tuple(parameters), converters)


def _refuse(*_args: Any, **_options: Any) -> Any:
    """Every queryset made of another begins with a copy of its query, which would keep the
    SQL as it is and answer another question than it was asked."""
    raise AlreadyPreparedError(
        "A prepared question gives its rows and nothing else. Write the condition into the "
        "function that builds it, or ask its `build` instead."
    )

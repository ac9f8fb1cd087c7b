"""What every request asks of the database and stores in it, written as SQL once.

Django writes the SQL of a queryset each time it is asked, which costs several times what
PostgreSQL needs to answer. A prepared question is an ordinary queryset with gaps: a function
that builds it from its arguments. It is built and compiled for the first caller, with a gap in
place of each argument; each call fills the gaps. A prepared change is the same with what it
sets, and new rows of a model are always stored by one statement.
"""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet, Value
from django.db.models.sql import UpdateQuery
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
        filled = _fill(known.parameters, arguments)
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
        sql, parameters = _written(compiler)
        assert compiler.select is not None
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        return _Compiled(queryset, compiler, sql, parameters, converters)


class prepared_change:
    """Makes a prepared change of a function that builds, from keywords, a queryset and what is
    set in its rows.

    The rules are those of `prepared`.
    """

    def __init__(
        self, build: Callable[..., tuple["QuerySet[Any, Any]", Mapping[str, Any]]]
    ) -> None:
        self.build = build
        self._compiled: dict[tuple[str, ...], tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, **arguments: Any) -> int:
        """Changes the rows at once; returns how many."""
        names = tuple(arguments)
        known = self._compiled.get(names)
        if known is None:
            known = self._compiled[names] = self._compile(names)
        sql, parameters = known
        with connection.cursor() as cursor:
            cursor.execute(sql, _fill(parameters, arguments))
            return int(cursor.rowcount)

    def _compile(self, names: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
        queryset, values = self.build(**{name: Gap(name) for name in names})
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(dict(values))
        return _written(query.get_compiler(connection=connection))


def store(*rows: Model) -> None:
    """Stores new rows of one model, at least one, by one statement, and gives them their keys.

    As `bulk_create` does. What the database itself would fill in beside the key it does not
    know.
    """
    model = type(rows[0])
    fields, sql = _insertion(model, len(rows))
    values = [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for row in rows
        for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias


@cache
def _insertion(model: type[Model], number: int) -> tuple[tuple[Any, ...], str]:
    meta: Any = model._meta
    name = connection.ops.quote_name
    fields = tuple(field for field in meta.local_concrete_fields if not field.primary_key)
    assert not any(field.has_db_default() or field.generated for field in fields)
    columns = ", ".join(name(field.column) for field in fields)
    row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = (
        f"INSERT INTO {name(meta.db_table)} ({columns}) VALUES {', '.join([row] * number)}"  # noqa: S608
        f" RETURNING {name(meta.pk.column)}"
    )
    return fields, sql


def _written(compiler: SQLCompiler) -> tuple[str, tuple[Any, ...]]:
    sql, parameters = compiler.as_sql()
    assert not any(isinstance(item, datetime) for item in parameters), "a moment for good"
    return sql, tuple(parameters)


def _fill(parameters: tuple[Any, ...], arguments: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(arguments[item.value] if isinstance(item, Gap) else item for item in parameters)


def _refuse(*_args: Any, **_options: Any) -> Any:
    """Every queryset made of another begins with a copy of its query, which would keep the
    SQL as it is and answer another question than it was asked."""
    raise AlreadyPreparedError(
        "A prepared question gives its rows and nothing else. Write the condition into the "
        "function that builds it, or ask its `build` instead."
    )

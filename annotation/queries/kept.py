"""Rows that many requests ask for and hardly anybody changes: kept by this process as long as
the database holds the very version of them that was read.

A study has some eighty columns, and each request of a person needs a few of them. Asking for
the version of a row (`xmin` and `ctid`: a change of the row changes them) is an index lookup;
reading and building the row again costs many times as much. Nothing here is ever out of
date: each look asks the database.
"""

import copy
from typing import Any, TypeVar

from django.db import connection, models

VERSION = "{0}.xmin::text || {0}.ctid::text"
MOST = 5000
Row = TypeVar("Row", bound=models.Model)
_kept: dict[tuple[type[models.Model], int], tuple[str, Any]] = {}


def read_kept(model: type[Row], key: int, *related: str) -> Row | None:
    """A row with the rows that it names in these fields, each a copy of the caller's own; None:
    there is no such row. One statement asks for all versions."""
    fields: dict[str, Any] = {name: model._meta.get_field(name) for name in related}
    asked, joins = [VERSION.format("t0")], []
    for number, field in enumerate(fields.values(), start=1):
        other = f"t{number}"
        asked += [f"{other}.id", VERSION.format(other)]
        table = field.related_model._meta.db_table
        joins.append(f"LEFT JOIN {table} {other} ON {other}.id = t0.{field.column}")
    version, *others = _ask(model, key, asked, " ".join(joins))
    if version is None:
        return None
    row: Row = _take(model, key, version)
    for number, (name, field) in enumerate(fields.items()):
        named, its_version = others[2 * number : 2 * number + 2]
        if named is not None and named == getattr(row, field.attname):
            setattr(row, name, _take(field.related_model, named, its_version))
    return row


def lock_kept(row: Row) -> Row:
    """Locks a row, waiting for who changes it; returns it as it is then, a copy of the caller's
    own. Raises DoesNotExist."""
    model: Any = type(row)
    [version] = _ask(model, row.pk, [VERSION.format("t0")], "", "FOR UPDATE")
    if version is None:
        raise model.DoesNotExist
    locked: Row = _take(model, row.pk, version)
    return locked


def _ask(
    model: type[models.Model], key: int, asked: list[str], joins: str, lock: str = ""
) -> tuple[Any, ...]:
    statement = f"SELECT {', '.join(asked)} FROM {model._meta.db_table} t0 {joins} WHERE t0.id = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {lock}", [key])
        return cursor.fetchone() or (None,) * len(asked)


def _take(model: type[models.Model], key: int, now: str) -> Any:
    version, row = _kept.get((model, key), ("", None))
    if version != now:
        row = model._default_manager.get(pk=key)
        if len(_kept) >= MOST:
            _kept.clear()
        # A change between the two looks is noticed by the next one.
        _kept[model, key] = (now, row)
    return copy.copy(row)

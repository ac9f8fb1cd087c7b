"""What several tests of a module begin with, made once: its rows are put back for each of them.

Somebody who walks through a study costs a second or two; her rows cost some milliseconds.
Nothing is shared: each test has the rows in its own transaction (or, if it commits, in a
database that is emptied after it), under their own ids, and objects of its own.
"""

from collections.abc import Callable, Hashable
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, transaction

Made = TypeVar("Made")
# Every table that tests write to, its key, and its columns with the key first.
TABLES = """
SELECT format('%I', c.relname), format('%I', k.attname),
    (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum <> k.attnum, a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
     AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
AND c.relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
"""


@dataclass(frozen=True)
class Table:
    name: str
    key: str
    columns: str


@dataclass(frozen=True)
class Change:
    """What was done to a table: rows to be there, and keys of those that are not any more."""

    table: Table
    keys: list[str]
    rows: bytes


class Once:
    """`once(make, …)` returns what `make(…)` returns, with all the rows that it made.

    It is made the first time; for every other test the same rows are put back. `make` may build
    on nothing but its arguments: the study, or what `once` returned. Other rows stay as they are.
    """

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[list[Change], Any]] = {}

    def __call__(self, make: Callable[..., Made], *of: Hashable) -> Made:
        known = self._made.get((make, of))
        if known:
            changes, result = known
            _put_back(changes)
            copied: Made = deepcopy(result)
            return copied
        before = rows_by_table()
        made = make(*of)
        self._made[make, of] = _changes(before, rows_by_table()), deepcopy(made)
        return made


@cache
def _tables() -> list[Table]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [Table(*row) for row in cursor.fetchall()]


def rows_by_table() -> dict[Table, dict[str, bytes]]:
    """By its key each row that stands in the database now, as COPY writes it."""
    found: dict[Table, dict[str, bytes]] = {}
    with connection.cursor() as cursor:
        for table in _tables():
            with cursor.copy(f"COPY {table.name} ({table.columns}) TO STDOUT") as copy:
                lines = b"".join(copy).splitlines(keepends=True)
            found[table] = {line.split(None, 1)[0].decode(): line for line in lines}
    return found


def _changes(
    before: dict[Table, dict[str, bytes]], after: dict[Table, dict[str, bytes]]
) -> list[Change]:
    changes = []
    for table, now in after.items():
        then = before[table]
        rows = [line for key, line in now.items() if then.get(key) != line]
        keys = [key for key, line in then.items() if now.get(key) != line]
        if rows or keys:
            changes.append(Change(table, keys, b"".join(rows)))
    return changes


def _put_back(changes: list[Change]) -> None:
    """References and triggers rest meanwhile: the rows met them when they were made."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for change in changes:
            table = change.table
            if change.keys:
                query = f"DELETE FROM {table.name} WHERE {table.key}::text = ANY(%s)"
                cursor.execute(query, [change.keys])
            if change.rows:
                with cursor.copy(f"COPY {table.name} ({table.columns}) FROM STDIN") as copy:
                    copy.write(change.rows)
        cursor.execute("SET LOCAL session_replication_role = origin")

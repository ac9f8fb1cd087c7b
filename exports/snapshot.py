"""One read-only snapshot of the database, from which every file of one export comes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

MEMORY = "64MB"  # for PostgreSQL to put a hundred thousand conversations in order without a file


@contextmanager
def snapshot() -> Iterator[CursorWrapper]:
    """A cursor in a REPEATABLE READ, READ ONLY transaction: all its reads see one moment.

    Must not be entered inside another transaction: the first statement sets the level.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(f"SET LOCAL work_mem = '{MEMORY}'")
        yield cursor

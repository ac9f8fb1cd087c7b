"""Who is at the keyboard, said to the database, which writes the audit of accounts itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.models import User

SAY = "SELECT set_config('plurivox.acting', %s, true)"  # until the transaction ends at most


@contextmanager
def acting(user: User) -> Iterator[None]:
    """One transaction in which whoever changes accounts has a name."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SAY, [str(user.pk)])
        yield
        cursor.execute(SAY, [""])

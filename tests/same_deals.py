"""Who gets what hangs on random names of people and on ids of rows; here these are always alike.

For tests of figures over many people: whether an interval holds or the strongest kind is found
is chance, and so must be drawn once for all.
"""

import random
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from accounts import models

FIRST_ID = 10_000_000  # above what any test before has reached
LAST_IDS = """
SELECT oid::regclass::text, pg_sequence_last_value(oid) FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""


class DrawnNames:
    """Takes the place of the module `secrets` where people are named."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def token_urlsafe(self, size: int) -> str:
        return urlsafe_b64encode(self._draw.randbytes(size)).rstrip(b"=").decode()


@contextmanager
def same_deals(*, seed: int) -> Iterator[None]:
    """Within it everybody who comes, into a database without people, is dealt to by the seed."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_IDS)
        before = cursor.fetchall()
        cursor.executemany("SELECT setval(%s, %s)", [(name, FIRST_ID) for name, _last in before])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "secrets", DrawnNames(seed))
        yield
    with connection.cursor() as cursor:
        values = [(name, last or 1, last is not None) for name, last in before]
        cursor.executemany("SELECT setval(%s, %s, %s)", values)

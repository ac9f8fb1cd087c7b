"""Rows that many requests ask for and hardly anybody changes: kept by this process as long as
the database holds the very version of them that was read.

A study has some eighty columns, and each request of a person needs a few of them. Asking for
the version of a row (`xmin` and `ctid`: a change of the row changes them) is an index lookup;
reading and building the row again costs many times as much. Nothing here is ever out of
date: each look asks the database.
"""

import copy
from collections.abc import Mapping
from typing import Any

from django.db import connection, models

Wanted = Mapping[str, tuple[type[models.Model], int]]
MOST = 5000
_kept: dict[tuple[type[models.Model], int], tuple[str, Any]] = {}


def read_kept(wanted: Wanted) -> dict[str, Any]:
    """Rows by the caller's names, each a copy of her own. Rows that do not exist are left out."""
    versions = _versions(wanted)
    found = {}
    for name, (model, key) in wanted.items():
        if name not in versions:
            continue
        version, row = _kept.get((model, key), ("", None))
        if version != versions[name]:
            row = model._default_manager.get(pk=key)
            if len(_kept) >= MOST:
                _kept.clear()
            # A change between the two looks is noticed by the next one.
            _kept[model, key] = (versions[name], row)
        found[name] = copy.copy(row)
    return found


def _versions(wanted: Wanted) -> dict[str, str]:
    parts = [
        f"SELECT %s, xmin::text || ctid::text FROM {model._meta.db_table} WHERE id = %s"  # noqa: S608
        for model, _key in wanted.values()
    ]
    values = [value for name, (_model, key) in wanted.items() for value in (name, key)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return dict(cursor.fetchall())

"""Long lists, a page at a time, each from where the one before ended."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from rest_framework.request import Request


def cut(rows: "QuerySet[Any]", limit: int) -> tuple[list[Any], bool]:
    """The first `limit` rows, and whether more follow."""
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit


def next_page(request: Request, *, after: str, limit: int, more: bool) -> str | None:
    """The address of the page after this one; None after the last."""
    if not more:
        return None
    return f"{settings.SITE_URL}{request.path}?{urlencode({'after': after, 'limit': limit})}"


def last_of(rows: Sequence[Any], name: str) -> str:
    return str(getattr(rows[-1], name)) if rows else ""

"""What PostgreSQL cannot store is refused at the door: U+0000, and half a character."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError


def refuse_unstorable(value: Any, place: str) -> None:
    """Looks at every text in a row. Raises ValidationError that names the place."""
    if not all(_is_storable(text) for text in _texts(value)):
        raise ValidationError(f"{place} holds a character that cannot be stored: take it out.")


def read_json(text: str, place: str) -> Any:
    """What a column of JSON text holds. Raises ValidationError as `refuse_unstorable` does, since
    an escape may stand for such a character, and where it is no JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValidationError(f"{place} holds something that is no JSON.") from error
    refuse_unstorable(found, place)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value))
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # a surrogate alone
        return False

"""What PostgreSQL cannot store is refused at the door: U+0000, and half a character."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError


def refuse_unstorable(value: Any, place: str) -> None:
    """Looks at every text in a row. Raises ValidationError that names the place."""
    if not all(_is_storable(text) for text in _texts(value)):
        raise ValidationError(f"{place} holds a character that cannot be stored: take it out.")


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield name
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # a surrogate alone
        return False

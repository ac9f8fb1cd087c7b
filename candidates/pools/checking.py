"""What the columns of a pool may hold: records become rows, or one sentence that names the line."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from candidates.models import PromptText
from candidates.pools.rows import PromptRow

KEY = re.compile(r"[-a-zA-Z0-9_]{1,50}")
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
Record = tuple[str, Mapping[str, Any]]  # its place, and its values by column


def check(records: Iterable[Record], languages: Collection[str]) -> list[PromptRow]:
    """The rows of a file, which must fit each other too. Raises ValidationError with a place."""
    rows: dict[tuple[str, str, int], PromptRow] = {}
    topics: dict[str, PromptRow] = {}
    for place, record in records:
        row = _row(place, record, languages)
        if row.identity in rows:
            raise ValidationError(
                f"{place}: {row.key} in {row.language} is a duplicate of "
                f"{rows[row.identity].place} (the same version, {row.version})."
            )
        rows[row.identity] = row
        if row.topics and topics.setdefault(row.key, row).topics != row.topics:
            raise ValidationError(
                f"{place}: the topics of {row.key} differ from {topics[row.key].place}."
            )
    if not rows:
        raise ValidationError("there is no prompt in it.")
    return list(rows.values())


def _row(place: str, record: Mapping[str, Any], languages: Collection[str]) -> PromptRow:
    """One checked row. Raises ValidationError with its place."""
    key = _text(place, record, "key")
    if not KEY.fullmatch(key):
        raise ValidationError(
            f"{place}: the key {key!r} is not 1 to 50 letters (a to z), digits, - or _."
        )
    language = _language(place, _text(place, record, "language"), languages)
    text = _text(place, record, "text")
    if not text:
        raise ValidationError(f"{place}: the text of {key} in {language} is empty.")
    origin, _colon, source_version = _text(place, record, "translated_from").partition(":")
    if origin:
        origin = _language(place, origin, languages)
    if origin == language:
        raise ValidationError(f"{place}: {key} in {language} is translated from itself.")
    stage = _text(place, record, "stage")
    if stage and stage not in PromptText.Stage.values:
        raise ValidationError(
            f"{place}: the stage {stage!r} is not one of {', '.join(PromptText.Stage.values)}."
        )
    return PromptRow(
        key=key,
        language=language,
        text=text,
        version=_version(place, _text(place, record, "version") or "1"),
        topics=_topics(place, record),
        translated_from=origin,
        source_version=_version(place, source_version) if source_version else None,
        stage=stage,
        place=place,
    )


def _text(place: str, record: Mapping[str, Any], name: str) -> str:
    """A value as text; whole numbers are taken where a version is wanted."""
    value = record.get(name)
    if value is None:
        return ""
    if name == "version" and isinstance(value, int | float) and not isinstance(value, bool):
        # A column with empty cells comes as floats: 2.0 is 2, and 2.5 is refused later.
        return str(value).removesuffix(".0")
    if not isinstance(value, str):
        raise ValidationError(f'{place}: "{name}" is not a text.')
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValidationError(f'{place}: "{name}" holds a character that cannot be stored.')
    return value.strip()


def _language(place: str, name: str, languages: Collection[str]) -> str:
    code = name.strip().lower().replace("_", "-")
    if code not in languages:
        raise ValidationError(
            f"{place}: the language {name!r} is not one of {', '.join(languages)}."
        )
    return code


def _version(place: str, text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text.strip()) or int(text) < 1:
        raise ValidationError(f"{place}: the version {text!r} is not a whole number from 1.")
    return int(text)


def _topics(place: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes separated by semicolons, or a list of them; each once."""
    value = record.get("topics")
    parts = value if isinstance(value, list) else [value]
    codes = [
        code.strip()
        for part in parts
        for code in _text(place, {"topics": part}, "topics").split(";")
    ]
    return tuple(dict.fromkeys(code for code in codes if code))

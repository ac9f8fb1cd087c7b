"""What a validator finds, and the checks that every format shares: columns, types, codes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exports.format import Format

Row = Mapping[str, Any]
Fault = tuple[str, str]  # name of the rule, and what is wrong, as a sentence


@dataclass(frozen=True)
class Problem:
    """A row that breaks a rule. Rows count from 1."""

    rule: str
    row: int
    sentence: str


def check_rows(
    form: Format,
    rows: Iterable[Row],
    *,
    key: tuple[str, ...],
    rule: Callable[[Row], Iterator[Fault]],
) -> Iterator[Problem]:
    """Checks columns, types and codes of each row, that no two share a key, and `rule`.

    `rule` sees only rows whose columns are right. A key with a missing value is not
    compared. Memory grows with the keys alone.
    """
    seen: set[tuple[Any, ...]] = set()
    for number, row in enumerate(rows, start=1):
        faults = list(find_faults(form, row))
        if not faults:
            value = tuple(row[name] for name in key)
            if value in seen:
                faults.append(("unique", f"Another row has the same {', '.join(key)}."))
            if None not in value:
                seen.add(value)
            faults += rule(row)
        for name, sentence in faults:
            yield Problem(name, number, sentence)


def required(row: Row, *names: str) -> Iterator[Fault]:
    for name in names:
        if row[name] is None:
            yield "required", f"{name} is missing."


def find_faults(form: Format, row: Row) -> Iterator[Fault]:
    """In which a row differs from its format's columns, types and codes."""
    if tuple(row) != form.names:
        missing = [name for name in form.names if name not in row]
        strange = [name for name in row if name not in form.names]
        told = [f"lacks {', '.join(missing)}"] * bool(missing)
        told += [f"has {', '.join(strange)} besides"] * bool(strange)
        yield "columns", f"The row {' and '.join(told) or 'has its columns in another order'}."
        return
    for column in form.columns:
        value = row[column.name]
        if value is not None and not FITS[column.type](value):
            yield "type", f"{column.name} is not of the type {column.type}: {value!r:.80}."
        elif value is not None and column.labels and value not in column.labels:
            yield "code", f"{column.name} has a code that is not in the codebook: {value!r:.80}."


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_integer(value) or isinstance(value, float)


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_integers(value: Any) -> bool:
    return isinstance(value, list) and all(v is None or _is_integer(v) for v in value)


def is_messages(value: Any) -> bool:
    """A list of messages, each of a role and a content, both text, and nothing else."""
    return isinstance(value, list) and all(
        isinstance(item, Mapping)
        and set(item) == {"role", "content"}
        and all(isinstance(text, str) for text in item.values())
        for item in value
    )


def _is_json(value: Any) -> bool:
    try:
        json.loads(value)
    except (TypeError, ValueError):
        return False
    return True


FITS: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "time": _is_time,
    "texts": _is_texts,
    "integers": _is_integers,
    "messages": is_messages,
    "json": _is_json,
}

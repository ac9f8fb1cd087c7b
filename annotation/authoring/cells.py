"""Cells as a table that people type, and what would become of it."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.cells.tables import CellFault, key_of, people_of
from annotation.definition.faults import cells_of

AMOUNTS = ("share", "target")


@dataclass(frozen=True)
class Preview:
    """Cells with whole targets, and for each country what they sum to beside the people
    planned; or why there are none."""

    cells: list[dict[str, Any]] = field(default_factory=list)
    sums: list[tuple[str, int, int | None]] = field(default_factory=list)
    fault: str = ""


def look(definition: Mapping[str, Any]) -> Preview:
    """How the cells of a definition come out. Shares are rounded by largest remainders."""
    try:
        cells = cells_of(definition)
    except CellFault as fault:
        return Preview(fault=str(fault))
    except (KeyError, TypeError, AttributeError, ValueError):
        return Preview(fault="")
    locales = definition["study"]["locales"]
    people = people_of([(one["country"], one.get("people")) for one in locales])
    sums = [
        (country, sum(cell["target"] for cell in cells if _is_in(cell, country)), planned)
        for country, planned in people.items()
    ]
    return Preview(cells=cells, sums=[one for one in sums if one[1]])


def _is_in(cell: Mapping[str, Any], country: str) -> bool:
    conditions = cell["conditions"]
    return isinstance(conditions, Mapping) and country in conditions.get("country", [])


def rows_of_csv(text: str) -> list[dict[str, str]]:
    """The rows of a table as it is typed or pasted from a spreadsheet. Raises CellFault."""
    lines = text.replace("\r\n", "\n").strip("\n")
    header = lines.partition("\n")[0]
    mark = next((mark for mark in "\t;," if mark in header), ",")
    try:
        rows = list(csv.DictReader(io.StringIO(lines), delimiter=mark, strict=True))
    except csv.Error as error:
        raise CellFault("The table is no CSV: a line each, with commas between.") from error
    for number, row in enumerate(rows, start=2):
        if None in row:
            raise CellFault(f"Line {number} of the table has more cells than the first line.")
    if not rows:
        raise CellFault("The table has no rows below its first line.")
    return [_keyed({n.strip(): (v or "").strip() for n, v in row.items() if n}) for row in rows]


def _keyed(row: dict[str, str]) -> dict[str, str]:
    """With the key that its columns give it: a draft does not keep their order."""
    named = [text for name, text in row.items() if text and name not in AMOUNTS]
    return row if row.get("key") else {**row, "key": key_of(named)}


def cells_as_csv(definition: Mapping[str, Any]) -> str | None:
    """The cells as such a table; None: they were merged, and no table can say so."""
    quotas = definition["study"].get("quotas") or []
    rows = quotas.get("table") if isinstance(quotas, Mapping) else None
    if not isinstance(rows, list):
        try:
            cells = cells_of(definition)
        except (CellFault, KeyError, TypeError, AttributeError):
            cells = quotas if isinstance(quotas, list) else []
        if not all(isinstance(cell.get("conditions"), Mapping) for cell in cells):
            return None
        rows = [_row(cell) for cell in cells]
    named = {name for row in rows for name in row} - {"key", "country", *AMOUNTS}
    names = ["key", "country", *sorted(named), *AMOUNTS]
    names = [name for name in names if any(row.get(name) for row in rows)]
    out = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(out, names, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return out.getvalue()


def _row(cell: Mapping[str, Any]) -> dict[str, str]:
    words = {name: _words(condition) for name, condition in cell["conditions"].items()}
    amount = "share" if "share" in cell else "target"
    return {"key": str(cell["key"]), **words, amount: str(cell.get(amount, ""))}


def _words(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return "|".join(str(code) for code in condition)
    low, high = condition.get("from"), condition.get("to")
    return f"{'' if low is None else low}-{'' if high is None else high}"

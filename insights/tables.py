"""Tables of words and numbers, the same on a page and in a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.formats import number_format


@dataclass(frozen=True)
class Row:
    """The first cell names the row. An alarm is said in words in a cell, and shown in bold."""

    cells: Sequence[str]
    alarm: bool = False


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)
    empty: str = ""


def number(value: float | None, places: int = 0) -> str:
    """As the reader's language writes it; a dash where nothing is known."""
    return "–" if value is None else number_format(value, decimal_pos=places)


def as_text(table: Table) -> str:
    """Columns as wide as their longest cell, parted by two blanks."""
    lines = [[str(cell) for cell in row] for row in (table.columns, *(r.cells for r in table.rows))]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    body = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(
        [str(table.title), *(body if table.rows else [str(table.empty)]), *table.notes]
    )

"""Tables of words and numbers, the same on a page and in a terminal."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.utils.formats import number_format


@dataclass(frozen=True)
class Row:
    """The first cell names the row. An alarm is said in words in a cell, and shown in bold."""

    cells: Sequence[str]
    alarm: bool = False


@dataclass(frozen=True)
class Table:
    """`words` are the numbers of the columns, from 0, that hold words; the others hold figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=tuple)
    empty: str = ""
    words: Collection[int] = (0,)

    @property
    def head(self) -> list[tuple[str, bool]]:
        return self._marked(self.columns)

    @property
    def body(self) -> list[tuple[Row, list[tuple[str, bool]]]]:
        """Each row, and its cells with whether they are words."""
        return [(row, self._marked(row.cells)) for row in self.rows]

    def _marked(self, cells: Sequence[str]) -> list[tuple[str, bool]]:
        return [(cell, place in self.words) for place, cell in enumerate(cells)]


def number(value: float | None, places: int = 0) -> str:
    """As the reader's language writes it, rounded; a dash where nothing is known."""
    return "–" if value is None else number_format(round(value, places), decimal_pos=places)


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

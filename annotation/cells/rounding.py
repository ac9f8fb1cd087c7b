"""Shares become whole numbers: pure functions of shares and a seed.

`round_rows` is unbiased controlled rounding (Cox, 1987, "A constructive procedure for
unbiased controlled rounding", Journal of the American Statistical Association 82). In a
table whose fractional entries form a cycle, a random step along it, up and down in turn,
changes no total and brings at least one entry to a whole number; the two steps that are
possible are drawn so that every entry keeps its expectation. Rows are taken one after
another, so that few are unfinished at any time.
"""

import math
import random
from collections.abc import Sequence
from fractions import Fraction

Row = dict[int, int]  # the fractional parts of a row, by column, in parts of `whole`
SLACK = -1  # a row that fills every column's total up to a whole number


def largest_remainder(shares: Sequence[Fraction], total: int) -> list[int]:
    """Whole numbers in proportion to shares, which sum to the total exactly.

    The largest remainders are rounded up; of equal ones, the first.
    """
    whole = sum(shares)
    if not whole:
        raise ValueError("Nothing is in proportion to shares that are all 0.")
    exact = [share * total / whole for share in shares]
    counts = [math.floor(number) for number in exact]
    order = sorted(range(len(exact)), key=lambda place: counts[place] - exact[place])
    for place in order[: total - sum(counts)]:
        counts[place] += 1
    return counts


def round_rows(rows: Sequence[Sequence[Fraction]], seed: int) -> list[list[int]]:
    """Each entry rounded up or down, so that rows and columns add up; the same for a seed.

    Rows must sum to whole numbers and keep their sums. Each column's sum is rounded up
    or down too. The expectation of every entry over seeds is the entry itself.
    """
    draw = random.Random(seed)
    counts = [[math.floor(entry) for entry in row] for row in rows]
    whole = math.lcm(*{entry.denominator for row in rows for entry in row})
    table = _Table(counts, whole, draw)
    for number, row in enumerate(rows):
        if sum(row) % 1:
            raise ValueError(f"Row {number} does not sum to a whole number.")
        table.take_in(number, {k: int(entry % 1 * whole) for k, entry in enumerate(row)})
    columns = range(len(rows[0]) if rows else 0)
    table.take_in(SLACK, {k: -table.open_part(k) % whole for k in columns})
    assert not table.unfinished
    return counts


Cells = Sequence[tuple[int, int]]


class _Table:
    """Rows that are being rounded. Fractions are whole numbers of a common denominator."""

    def __init__(self, counts: list[list[int]], whole: int, draw: random.Random) -> None:
        self.counts, self.whole, self.draw = counts, whole, draw
        self.unfinished: dict[int, Row] = {}

    def open_part(self, column: int) -> int:
        return sum(parts.get(column, 0) for parts in self.unfinished.values())

    def take_in(self, number: int, row: Row) -> None:
        """Adds a row and steps along cycles until none is left; all of them pass through it."""
        self.unfinished[number] = {column: part for column, part in row.items() if part}
        while cycle := _cycle(self.unfinished, number):
            rising, falling = cycle[::2], cycle[1::2]
            up, down = self._room(rising, falling), self._room(falling, rising)
            step = up if self.draw.randrange(up + down) < down else -down
            self._step(rising, step)
            self._step(falling, -step)
        for finished in [at for at, parts in self.unfinished.items() if not parts]:
            del self.unfinished[finished]

    def _room(self, rising: Cells, falling: Cells) -> int:
        """How far these can rise and those fall before one is a whole number."""
        return min(
            *(self.whole - self.unfinished[at][column] for at, column in rising),
            *(self.unfinished[at][column] for at, column in falling),
        )

    def _step(self, cells: Cells, change: int) -> None:
        for at, column in cells:
            part = self.unfinished[at].pop(column) + change
            if 0 < part < self.whole:
                self.unfinished[at][column] = part
            elif part and at != SLACK:
                self.counts[at][column] += 1


def _cycle(rows: dict[int, Row], start: int) -> list[tuple[int, int]]:
    """The cells of a cycle through this row, each sharing a row or a column with the next;
    empty: there is none. Without the row there is no cycle, so paths are unique."""
    ends = rows.get(start, {})
    for first in ends:
        ways: dict[int, list[tuple[int, int]]] = {first: [(start, first)]}
        edge = [first]
        while edge:
            column = edge.pop()
            for at, parts in rows.items():
                if at == start or column not in parts:
                    continue
                for other in parts:
                    if other in ways:
                        continue
                    ways[other] = [*ways[column], (at, column), (at, other)]
                    if other in ends:
                        return [*ways[other], (start, other)]
                    edge.append(other)
    return []


def lean(rows: Sequence[Sequence[Fraction]], ahead: Sequence[Fraction]) -> list[list[Fraction]]:
    """Rows moved against what earlier rows have too much of, first row first.

    `ahead` sums to 0: by how much each column was rounded up so far. No entry leaves the
    whole numbers around it, so that rounding gives what rounding all at once could give.
    """
    left, moved = list(ahead), []
    for row in rows:
        part = min(
            [Fraction(1)]
            + [_way(entry, debt) / abs(debt) for entry, debt in zip(row, left, strict=True) if debt]
        )
        moved.append([entry - part * debt for entry, debt in zip(row, left, strict=True)])
        left = [debt * (1 - part) for debt in left]
    return moved


def _way(entry: Fraction, debt: Fraction) -> Fraction:
    return entry - math.floor(entry) if debt > 0 else math.ceil(entry) - entry

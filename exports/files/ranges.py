"""Byte ranges of a file (RFC 9110, section 14): which part was asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 1 << 18
ONE_RANGE = re.compile(r"bytes=\s*(?P<first>\d{0,18})-(?P<last>\d{0,18})\s*", re.ASCII)


class Unsatisfiable(Exception):
    """Nothing of the file lies in the range."""


@dataclass(frozen=True)
class Part:
    """Bytes from `first` to `last`, both of them part of it, counted from 0."""

    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1


def part_of(header: str, *, size: int) -> Part | None:
    """The one range that a Range header asks for of `size` bytes.

    None where the whole is to be sent: no range, several, or another unit. Raises
    Unsatisfiable.
    """
    found = ONE_RANGE.fullmatch(header.strip())
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:  # the last n bytes
        wanted = min(int(found["last"]), size)
        if wanted == 0:
            raise Unsatisfiable
        return Part(size - wanted, size - 1)
    first = int(found["first"])
    last = min(int(found["last"]), size - 1) if found["last"] else size - 1
    if found["last"] and int(found["last"]) < first:
        return None  # no valid range: as if it had not been sent
    if first >= size:
        raise Unsatisfiable
    return Part(first, last)


def blocks(path: Path, part: Part) -> Iterator[bytes]:
    """The bytes of a part, a block at a time."""
    left = part.size
    with path.open("rb") as file:
        file.seek(part.first)
        while left and (block := file.read(min(left, BLOCK_BYTES))):
            left -= len(block)
            yield block

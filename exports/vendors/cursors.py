"""A place in the order of changes, and the cursor that stands for it: in Python and in SQL.

A cursor is a place under the recipient's key: it fits its own study and recipient alone, and
does not say how many transactions lie between two items, which would tell the time of day.
"""

import hmac
import re
from dataclasses import dataclass
from typing import Self

from exports.pseudonyms import Kind, text_sql
from exports.scope import Scope

PAD_DIGITS = 32
CURSOR_PATTERN = re.compile(r"([0-9]{1,5})\.([0-9a-f]{32})\.([0-9a-f]{24})")


class UnknownCursor(ValueError):
    """The cursor was not given out to this recipient of this study."""


@dataclass(frozen=True, order=True)
class Place:
    """A place in the order of changes; the first one, before everything, by default."""

    epoch: int = 0
    transaction: int = 0
    change: int = 0

    @classmethod
    def read(cls, cursor: str, scope: Scope) -> Self:
        """The place that a cursor stands for. Raises UnknownCursor."""
        found = CURSOR_PATTERN.fullmatch(cursor)
        if found is None:
            raise UnknownCursor
        epoch, hidden, check = found.groups()
        numbers = int(hidden, 16) ^ int(_pad(scope, check), 16)
        place = cls(int(epoch), *divmod(numbers, 1 << 64))
        if not hmac.compare_digest(place._check(scope), check):
            raise UnknownCursor
        return place

    def cursor(self, scope: Scope) -> str:
        """The epoch; transaction and id, hidden; and a check of all three."""
        check = self._check(scope)
        numbers = (self.transaction << 64) + self.change
        return f"{self.epoch}.{numbers ^ int(_pad(scope, check), 16):032x}.{check}"

    def _check(self, scope: Scope) -> str:
        return scope.pseudonyms.text(Kind.CURSOR, f"{self.epoch}.{self.transaction}.{self.change}")


def _pad(scope: Scope, check: str) -> str:
    """What hides the two numbers of the cursor with this check: 128 bits that its key gives."""
    return scope.pseudonyms.text(Kind.CURSOR, check, digits=PAD_DIGITS)


_PLACE = "c.epoch || '.' || c.transaction || '.' || c.id"
_HIDDEN = " || ".join(
    f"lpad(to_hex({number} # ('x' || substr(pad, {start}, 16))::bit(64)::bigint), 16, '0')"
    for number, start in (("c.transaction", 1), ("c.id", 17))
)
# `Place.cursor` of a change `c` in PostgreSQL; the joins compute its check and its pad, once a row.
CURSOR_SQL = f"c.epoch || '.' || {_HIDDEN} || '.' || checked"
CURSOR_JOINS_SQL = f"""
    CROSS JOIN LATERAL (SELECT {text_sql(Kind.CURSOR, _PLACE)} AS checked OFFSET 0) AS checks
    CROSS JOIN LATERAL (
        SELECT {text_sql(Kind.CURSOR, "checked", PAD_DIGITS)} AS pad OFFSET 0
    ) AS pads"""

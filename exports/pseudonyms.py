"""Keyed pseudonyms: the ids under which one recipient of one study knows people and things.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the kind and the public id under a key that is
derived per study and recipient from PSEUDONYM_KEY. The key lives in the environment, apart
from the data: without it nobody can tell whose rows are whose, and two recipients cannot
join theirs. PostgreSQL computes them row by row, from two halves of the derived key.

No key stands in the text of a statement, which PostgreSQL may log: `Pseudonyms.hand_over` binds
both halves to settings of the transaction, and the SQL names these settings.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Self

import psycopg
from django.conf import settings
from django.db.backends.utils import CursorWrapper

BLOCK = 64  # bytes, of SHA-256
TEXT_DIGITS = 24  # hexadecimal: 96 bits
NUMBER_DIGITS = 13  # hexadecimal: 52 bits, exact in every language's numbers


class Kind(StrEnum):
    ANNOTATOR = "annotator"
    CONVERSATION = "conversation"
    CANDIDATE_SET = "candidate_set"
    CANDIDATE = "candidate"
    GRANT = "grant"
    GENERATION = "generation"
    CHANGE = "change"
    CURSOR = "cursor"  # a place in the change feed: its check, for this recipient alone


@dataclass(frozen=True)
class Pseudonyms:
    """The two padded keys of HMAC for one recipient of one study."""

    inner: bytes
    outer: bytes

    @classmethod
    def of(cls, *, study_key: str, recipient: str) -> Self:
        """Those of a recipient such as `vendor:acme` or `release:3`."""
        purpose = f"pseudonyms\x00{study_key}\x00{recipient}".encode()
        key = hmac.digest(settings.PSEUDONYM_KEY.encode(), purpose, "sha256")
        padded = key.ljust(BLOCK, b"\x00")
        return cls(
            inner=bytes(byte ^ 0x36 for byte in padded), outer=bytes(byte ^ 0x5C for byte in padded)
        )

    def text(self, kind: Kind, public_id: object, *, digits: int = TEXT_DIGITS) -> str:
        """24 hexadecimal digits, unless said otherwise."""
        inner = hashlib.sha256(self.inner + f"{kind}:{public_id}".encode()).digest()
        return hashlib.sha256(self.outer + inner).hexdigest()[:digits]

    def number(self, kind: Kind, public_id: object) -> int:
        """The same as a whole number below 2**52."""
        return int(self.text(kind, public_id)[:NUMBER_DIGITS], 16)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """What `text_sql` and `number_sql` refer to: names of settings, other ones for others."""
        name = hashlib.sha256(self.inner + self.outer).hexdigest()[:16]
        return {
            "pseudonym_inner": f"plurivox.inner_{name}",
            "pseudonym_outer": f"plurivox.outer_{name}",
        }

    def hand_over(self, cursor: CursorWrapper) -> None:
        """Gives the keys to the transaction of a cursor, until it ends.

        By a cursor of psycopg's own, since Django's writes values into a statement's text.
        """
        names = self.parameters
        psycopg.Cursor(cursor.connection).execute(
            "SELECT set_config(%s, %s, true), set_config(%s, %s, true)",
            [
                names["pseudonym_inner"],
                self.inner.hex(),
                names["pseudonym_outer"],
                self.outer.hex(),
            ],
            prepare=False,
        )


def _key_sql(half: str) -> str:
    """As a subquery, so that it is read once for a whole query and not once for a row."""
    return f"(SELECT decode(current_setting(%(pseudonym_{half})s), 'hex'))"


def text_sql(kind: Kind, column: str, digits: int = TEXT_DIGITS) -> str:
    """SQL that computes `Pseudonyms.text` of a column; sorted alike on every server."""
    message = f"convert_to('{kind}:' || {column}, 'UTF8')"
    inner = f"sha256({_key_sql('inner')} || {message})"
    digest = f"encode(sha256({_key_sql('outer')} || {inner}), 'hex')"
    return f'left({digest}, {digits}) COLLATE "C"'


def number_sql(kind: Kind, column: str) -> str:
    """SQL that computes `Pseudonyms.number` of a column."""
    digits = f"left({text_sql(kind, column)}, {NUMBER_DIGITS})"
    return f"('x' || {digits})::bit({NUMBER_DIGITS * 4})::bigint"

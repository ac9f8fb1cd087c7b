"""Keyed pseudonyms: the ids under which one recipient of one study knows people and things.

A pseudonym is HMAC-SHA-256 (RFC 2104) of the kind and the public id under a key that is
derived per study and recipient from PSEUDONYM_KEY. The key lives in the environment, apart
from the data: without it nobody can tell whose rows are whose, and two recipients cannot
join theirs. PostgreSQL computes them row by row, from two halves of the derived key.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from django.conf import settings

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

    @property
    def parameters(self) -> dict[str, bytes]:
        """What `text_sql` and `number_sql` refer to."""
        return {"pseudonym_inner": self.inner, "pseudonym_outer": self.outer}


def text_sql(kind: Kind, column: str, digits: int = TEXT_DIGITS) -> str:
    """SQL that computes `Pseudonyms.text` of a column; sorted alike on every server."""
    message = f"convert_to('{kind}:' || {column}, 'UTF8')"
    inner = f"sha256(%(pseudonym_inner)s || {message})"
    digest = f"encode(sha256(%(pseudonym_outer)s || {inner}), 'hex')"
    return f'left({digest}, {digits}) COLLATE "C"'


def number_sql(kind: Kind, column: str) -> str:
    """SQL that computes `Pseudonyms.number` of a column."""
    digits = f"left({text_sql(kind, column)}, {NUMBER_DIGITS})"
    return f"('x' || {digits})::bit({NUMBER_DIGITS * 4})::bigint"

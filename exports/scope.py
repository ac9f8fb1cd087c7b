"""What one recipient may have: whose rows, which columns, under which ids."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from accounts.models import Purpose, Vendor
from annotation.models import Phase, Study
from exports.privacy.recoding import Recoding
from exports.pseudonyms import Pseudonyms


class Variant(StrEnum):
    """Which conversations: every finished one, or only those without any fault."""

    FULL = "full"
    FILTERED = "filtered"


class Times(StrEnum):
    """How exactly times leave. NONE: not at all."""

    EXACT = "exact"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    NONE = "none"


@dataclass(frozen=True)
class Only:
    """Internal keys of some turns, their conversations and their people.

    As lists in the query's text, which PostgreSQL hashes; it does not hash what it must find.
    """

    turns: tuple[int, ...]
    talks: tuple[int, ...]
    people: tuple[int, ...]


# A vendor knows by its own ids who sent something when: a finer time would name a pseudonym.
FOR_VENDORS = (Times.DAY, Times.WEEK, Times.MONTH, Times.NONE)


@dataclass(frozen=True)
class Scope:
    """One recipient's part of one study; every format reads through it."""

    study: Study
    recipient: str  # names the pseudonyms: "vendor:acme", "release:3", "researchers"
    vendor: Vendor | None = None  # only her people; None: everybody's
    phase: Phase = Phase.MAIN
    fields: frozenset[str] | None = None  # columns that carry values; None: all
    purposes: tuple[Purpose, ...] = ()  # that a person must have allowed beside taking part
    free_text_purpose: Purpose | None = None  # without it her own words stay away
    variant: Variant = Variant.FULL
    times: Times = Times.EXACT
    recoding: Recoding = field(default_factory=Recoding)
    only: Only | None = None  # a few turns and what they are part of; None: everything

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        return Pseudonyms.of(study_key=self.study.key, recipient=self.recipient)

    def time_sql(self, column: str) -> str:
        """SQL of a time as exact as this recipient may have it."""
        if self.times == Times.EXACT:
            return column
        if self.times == Times.NONE:
            return "NULL::timestamptz"
        return f"date_trunc('{self.times}', {column}, 'UTC')"

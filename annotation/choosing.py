"""Which of the open slots a person is given: the dealing rule, a pure function of a record.

What the rule saw is stored with each grant, so that anybody can choose again from the
record and must find the same slot (`manage.py replay_deals`). A changed rule gets a new
number; the old ones stay here as long as records name them.

Rule 1. The open slots come in filling order (batch, ordinal, draw), those wanted of the
person's own stratum before any others. Of the foremost that are equally needy (same
stratum, batch and ordinal) it keeps those whose topics she has met least, of these the
ones whose arm she has met least, and draws one with equal chances.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

RULE = 1
LOOKED_AT = 16


@dataclass(frozen=True)
class OpenSlot:
    """An open slot as the rule sees it; the counts are of what this person met before."""

    slot: int
    stratum: str
    batch: int
    ordinal: int
    topic_met: int  # how often her most frequent topic of this prompt
    arm_met: int

    def need(self) -> tuple[str, int, int]:
        return (self.stratum, self.batch, self.ordinal)


@dataclass(frozen=True)
class Choice:
    slot: int
    probability: float


def choose(considered: Sequence[OpenSlot], seed: int) -> Choice:
    """The slot that rule 1 gives; `considered` is in filling order and not empty."""
    neediest = [item for item in considered if item.need() == considered[0].need()]
    topic = min(item.topic_met for item in neediest)
    fresh = [item for item in neediest if item.topic_met == topic]
    arm = min(item.arm_met for item in fresh)
    equal = [item for item in fresh if item.arm_met == arm]
    return Choice(random.Random(seed).choice(equal).slot, 1 / len(equal))


def topic_met(topics: Sequence[str], met: Counter[str]) -> int:
    """How often she has met the topic of these that she has met most; 0 without topics."""
    return max((met[topic] for topic in topics), default=0)


def to_record(considered: Sequence[OpenSlot]) -> list[dict[str, Any]]:
    return [asdict(item) for item in considered]


def from_record(record: Sequence[dict[str, Any]]) -> list[OpenSlot]:
    return [OpenSlot(**item) for item in record]

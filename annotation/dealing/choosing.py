"""Which of the open slots a person is given: the dealing rules, pure functions of a record.

What a rule saw is stored with each grant, so that anybody can choose again from the
record and must find the same slot (`manage.py replay_deals`). A changed rule gets a new
number; the old ones stay here as long as records name them.

Rule 3, of a slot. The open slots come in filling order (batch, due, draw), those wanted
of the person's own stratum before those wanted of anybody, and these before those wanted
of others. Of the foremost that are equally needy (same stratum, batch and due) it keeps
those whose topics she has met least, of these the ones whose arm she has met least, and
draws one with equal chances. Rule 1, before it, was the same with the slot's ordinal for due.

Rule 2, of a re-test. What she has judged and has not met again comes oldest first; one of
the older half is drawn with equal chances, so that time has passed since.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

RULE = 3
ORDINAL_RULE = 1
DEALING_RULES = (ORDINAL_RULE, RULE)
RETEST_RULE = 2
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
    due: int | None = None  # rule 1 did not look at it

    def need(self) -> tuple[str, int, int]:
        return (self.stratum, self.batch, self.ordinal if self.due is None else self.due)


@dataclass(frozen=True)
class Choice:
    slot: int
    probability: float


@dataclass(frozen=True)
class Sieve:
    """What each step of rules 1 and 3 kept; the slot is drawn from the last of them."""

    neediest: list[OpenSlot]
    fresh: list[OpenSlot]  # topics met least
    equal: list[OpenSlot]  # arm met least


def sieve(considered: Sequence[OpenSlot]) -> Sieve:
    neediest = [item for item in considered if item.need() == considered[0].need()]
    topic = min(item.topic_met for item in neediest)
    fresh = [item for item in neediest if item.topic_met == topic]
    arm = min(item.arm_met for item in fresh)
    return Sieve(neediest, fresh, [item for item in fresh if item.arm_met == arm])


def choose(considered: Sequence[OpenSlot], seed: int) -> Choice:
    """The slot that rules 1 and 3 give; `considered` is in filling order and not empty."""
    return _draw([item.slot for item in sieve(considered).equal], seed)


def older_half(judged: Sequence[int]) -> Sequence[int]:
    return judged[: (len(judged) + 1) // 2]


def choose_retest(judged: Sequence[int], seed: int) -> Choice:
    """The slot that rule 2 gives; `judged` are slots, oldest judgement first, at least one."""
    return _draw(older_half(judged), seed)


def _draw(slots: Sequence[int], seed: int) -> Choice:
    return Choice(random.Random(seed).choice(slots), 1 / len(slots))


def choose_again(rule: int, record: Sequence[dict[str, Any]], seed: int) -> Choice:
    """What a stored record gives by the rule it names. Raises ValueError for no such rule."""
    if rule in DEALING_RULES:
        return choose(from_record(record), seed)
    if rule == RETEST_RULE:
        return choose_retest([item["slot"] for item in record], seed)
    raise ValueError(f"There is no dealing rule {rule}.")


def topic_met(topics: Sequence[str], met: Counter[str]) -> int:
    """How often she has met the topic of these that she has met most; 0 without topics."""
    return max((met[topic] for topic in topics), default=0)


def to_record(considered: Iterable[OpenSlot]) -> list[dict[str, Any]]:
    return [{**vars(item)} for item in considered]


def retest_record(judged: Iterable[int]) -> list[dict[str, Any]]:
    return [{"slot": slot} for slot in judged]


def from_record(record: Iterable[dict[str, Any]]) -> list[OpenSlot]:
    return [OpenSlot(**item) for item in record]

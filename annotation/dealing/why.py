"""Why a person was given a set, in words: pure functions of what is stored about a grant."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from annotation.dealing.choosing import (
    DEALING_RULES,
    LOOKED_AT,
    RETEST_RULE,
    Choice,
    OpenSlot,
    choose_again,
    from_record,
    older_half,
    sieve,
)

FIRST_ONES = 5  # of the places looked at, told one by one


@dataclass(frozen=True)
class Record:
    """A deal as it is stored."""

    rule: int
    seed: int
    considered: Sequence[dict[str, Any]]
    probability: float


@dataclass(frozen=True)
class Before:
    """A grant of the same place that came before this one, or took it afterwards."""

    person: str
    granted_at: datetime
    ended: str


@dataclass(frozen=True)
class Facts:
    """What is stored about one grant."""

    grant: int
    study: str
    phase: str
    locale: str
    person: str
    conversation: str  # public id; empty: it was never opened
    granted_at: datetime
    prompt: str
    prompts: Mapping[int, str]  # key of each considered slot's prompt
    slot: int
    set_name: str
    stratum: str  # of the slot
    batch: int
    ordinal: int
    judged_at: datetime | None  # of a re-test: when she judged the set first
    topics_met: Counter[str]
    arms_met: Counter[str]
    record: Record | None
    disposition: str
    reason: str
    ended_at: datetime | None
    others: Sequence[Before] = field(default_factory=list)


def explain(facts: Facts) -> list[str]:
    """Sentences in the order a reader wants them: what, why, by which draw, and its end."""
    return [
        _what(facts),
        *(_why(facts, facts.record) if facts.record else [_NO_RECORD]),
        *_holders(facts),
        _end(facts),
    ]


_NO_RECORD = (
    "Why she was given it is not known: no record was kept when it was given. "
    "Records are kept since the dealing rules have numbers."
)


def _what(facts: Facts) -> str:
    opened = f", in the conversation {facts.conversation}" if facts.conversation else ""
    place = "meets again" if facts.judged_at else "was given"
    return (
        f"Grant {facts.grant}: on {_time(facts.granted_at)}, {facts.person} ({facts.locale}, "
        f"study {facts.study}, phase {facts.phase}) {place} the prompt {facts.prompt}, "
        f"{facts.set_name}{opened}."
    )


def _why(facts: Facts, record: Record) -> list[str]:
    if record.rule in DEALING_RULES:
        return _why_dealt(facts, record)
    if record.rule == RETEST_RULE:
        return _why_again(facts, record)
    return [f"It was given by rule {record.rule}, which this version does not know."]


def _why_dealt(facts: Facts, record: Record) -> list[str]:
    considered = from_record(record.considered)
    steps = sieve(considered)
    seen = f"the first {LOOKED_AT}" if len(considered) == LOOKED_AT else f"{len(considered)}"
    told = "; ".join(_item(item, facts.prompts) for item in considered[:FIRST_ONES])
    more = len(considered) - FIRST_ONES
    return [
        f"This place is number {facts.ordinal} of its set (from 0), in batch {facts.batch}, "
        f"wanted of {_wanted(facts.stratum)}.",
        f"Looked at: {seen} of the open places she had not met, in filling order: {told}"
        f"{f'; and {more} more' if more > 0 else ''}.",
        f"Equally needy as the foremost (same stratum, batch and {_by(considered)}): "
        f"{len(steps.neediest)}. Of these {len(steps.fresh)} had topics she had met least "
        f"({_times(steps.fresh[0].topic_met)}), and of those {len(steps.equal)} an arm she had "
        f"met least ({_times(steps.equal[0].arm_met)}).",
        f"Until then she had met the topics {_counts(facts.topics_met)} and "
        f"the arms {_counts(facts.arms_met)}.",
        *_draw(facts, record, len(steps.equal)),
    ]


def _why_again(facts: Facts, record: Record) -> list[str]:
    judged = [int(item["slot"]) for item in record.considered]
    prompts = ", ".join(facts.prompts.get(slot, f"slot {slot}") for slot in judged)
    first = f" She judged this set first on {_time(facts.judged_at)}." if facts.judged_at else ""
    return [
        "It is a planned re-test: she meets a set again that she has judged, in a new order, "
        f"and it fills no place.{first}",
        f"She had judged and not met again, oldest first: {prompts}.",
        *_draw(facts, record, len(older_half(judged))),
    ]


def _draw(facts: Facts, record: Record, equal: int) -> list[str]:
    chances = f"One of {equal} with equal chances" if equal > 1 else "There was no other"
    found = choose_again(record.rule, record.considered, record.seed)
    same = found == Choice(facts.slot, record.probability)
    return [
        f"{chances}: the probability was {record.probability:.4g}. The draw is rule "
        f"{record.rule} with the seed {record.seed}.",
        "Choosing again from this record gives the same place."
        if same
        else f"Choosing again from this record does NOT give this place: it gives slot "
        f"{found.slot} with the probability {found.probability:.4g}.",
    ]


def _holders(facts: Facts) -> list[str]:
    if not facts.others:
        return ["Nobody else was ever given this place."]
    return [
        f"The place was also given to {other.person} on {_time(other.granted_at)} "
        f"({'before her' if other.granted_at < facts.granted_at else 'after her'}): {other.ended}."
        for other in facts.others
    ]


def _end(facts: Facts) -> str:
    if not facts.disposition:
        return "It has not ended yet."
    reason = f" ({facts.reason})" if facts.reason else ""
    when = f" on {_time(facts.ended_at)}" if facts.ended_at else ""
    return f"It ended{when}: {facts.disposition}{reason}."


def _item(item: OpenSlot, prompts: Mapping[int, str]) -> str:
    return (
        f"{prompts.get(item.slot, 'slot')} number {item.ordinal}, batch {item.batch}, {_due(item)}"
        f"wanted of {_wanted(item.stratum)}, topic met {_times(item.topic_met)}, "
        f"arm met {_times(item.arm_met)} (slot {item.slot})"
    )


def _due(item: OpenSlot) -> str:
    return "" if item.due is None else f"due at {item.due / 100:g} %, "


def _by(considered: Sequence[OpenSlot]) -> str:
    return "number" if considered[0].due is None else "due"


def _wanted(stratum: str) -> str:
    return stratum or "anybody"


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _counts(met: Mapping[str, int]) -> str:
    named = sorted(met.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} ({count})" for name, count in named) or "(none)"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

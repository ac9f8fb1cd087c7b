"""Which cells a person fits, and whether there is a place for her: pure functions.

A cell's conditions name facts: `country`, and codes of screening questions. Each is a
list of codes, or the limits of a number: {"country": ["FR"], "age": {"from": 18, "to": 34}}.
She fits a cell whose every condition she meets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

REFUSED = "prefer_not_to_say"
Facts = Mapping[str, str | int]


@dataclass(frozen=True)
class Cell:
    key: str
    conditions: Mapping[str, Any]
    target: int


class Verdict(Enum):
    PLACE = "place"
    NO_CELL = "no cell"
    FULL = "full"


@dataclass(frozen=True)
class Finding:
    """What the cells say of one person, and the keys of those she fits."""

    verdict: Verdict
    keys: tuple[str, ...] = ()


def fits(conditions: Mapping[str, Any], facts: Facts) -> bool:
    """Whether every condition holds. What she was not asked or did not say holds nowhere,
    unless the condition's list names the refusal itself."""
    return all(_meets(condition, facts.get(name)) for name, condition in conditions.items())


def _meets(condition: Any, fact: str | int | None) -> bool:
    if fact is None:
        return False
    if not isinstance(condition, Mapping):
        return str(fact) in {str(code) for code in condition}
    if not isinstance(fact, int):
        return False
    low, high = condition.get("from"), condition.get("to")
    return (low is None or fact >= low) and (high is None or fact <= high)


def find_place(cells: Sequence[Cell], facts: Facts, people: Iterable[Facts]) -> Finding:
    """Whether cells leave a place for somebody with these facts, beside the people who have one.

    Without any cell everybody has a place. One full cell among those she fits is enough
    to find none: the next person in it would be one too many.
    """
    own = [cell for cell in cells if fits(cell.conditions, facts)]
    if not own:
        return Finding(Verdict.NO_CELL if cells else Verdict.PLACE)
    keys = tuple(cell.key for cell in own)
    others = list(people)
    for cell in own:
        if sum(fits(cell.conditions, other) for other in others) >= cell.target:
            return Finding(Verdict.FULL, keys)
    return Finding(Verdict.PLACE, keys)


def find_fault(quota: Mapping[str, Any], questions: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with a quota of a study's file, in one sentence; empty: nothing.

    `questions` are the definitions of the screening instrument by code.
    """
    name = f"The quota {quota['key']}"
    if not isinstance(quota["conditions"], Mapping) or not quota["conditions"]:
        return f"{name} has no conditions."
    for code, condition in quota["conditions"].items():
        if code != "country" and code not in questions:
            return f"{name} asks for {code}, which is no question of the quota instrument."
        number = code != "country" and questions[code]["kind"] == "integer"
        if isinstance(condition, Mapping):
            limits = [condition.get("from"), condition.get("to")]
            if not number or set(condition) - {"from", "to"} or not set(limits) - {None}:
                return f"{name} gives {code} limits that cannot be used."
        elif not isinstance(condition, list) or not condition:
            return f"{name} gives {code} neither a list nor limits."
        elif code != "country" and not number:
            known = {str(option["code"]) for option in questions[code]["options"]} | {REFUSED}
            unknown = sorted({str(item) for item in condition} - known)
            if unknown:
                return f"{name} names {', '.join(unknown)}, which {code} does not offer."
    return ""

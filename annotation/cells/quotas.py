"""Which cells a person fits, and whether there is a place for her: pure functions.

A cell's conditions name facts: `country`, and codes of screening questions. Each is a
list of codes, or the limits of a number: {"country": ["FR"], "age": {"from": 18, "to": 34}}.
She fits a cell whose every condition she meets. Cells that were merged hold a list of such
alternatives, and she fits where she fits one of them.
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
    conditions: Any  # one mapping, or alternatives
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


def alternatives(conditions: Any) -> Sequence[Mapping[str, Any]]:
    """The sets of conditions of which one is enough."""
    return [conditions] if isinstance(conditions, Mapping) else conditions


def fits(conditions: Any, facts: Facts) -> bool:
    """Whether every condition holds. What she was not asked or did not say holds nowhere,
    unless the condition's list names the refusal itself."""
    return any(
        all(_meets(condition, facts.get(name)) for name, condition in one.items())
        for one in alternatives(conditions)
    )


def _meets(condition: Any, fact: str | int | None) -> bool:
    if fact is None:
        return False
    if not isinstance(condition, Mapping):
        return str(fact) in {str(code) for code in condition}
    if not isinstance(fact, int):
        return False
    low, high = condition.get("from"), condition.get("to")
    return (low is None or fact >= low) and (high is None or fact <= high)


def margin_of(conditions: Any) -> frozenset[str]:
    """The questions that a cell asks about. Cells of one margin share a country's people out."""
    named = (set(one) for one in alternatives(conditions))
    return frozenset(set().union(*named) - {"country"})


def cells_of(cells: Iterable[Cell], country: str) -> list[Cell]:
    """Those that somebody of a country can fit."""
    return [cell for cell in cells if ways_in(cell, country)]


def ways_in(cell: Cell, country: str) -> list[Mapping[str, Any]]:
    """A cell's alternatives for somebody of a country."""
    return [
        one
        for one in alternatives(cell.conditions)
        if "country" not in one or country in one["country"]
    ]


def find_place(cells: Sequence[Cell], facts: Facts, placed: Mapping[str, int]) -> Finding:
    """Whether cells leave a place for somebody with these facts; `placed` counts the people of
    each cell who have one.

    Without any cell everybody has a place. With several margins she needs a cell of each:
    who fits that of her age and none of any gender fills no stratum, and would take a place
    of her age. One full cell among those she fits is enough to find none: the next person
    in it would be one too many.
    """
    if not cells:
        return Finding(Verdict.PLACE)
    own = [cell for cell in cells if fits(cell.conditions, facts)]
    country = str(facts.get("country", ""))
    margins = {margin_of(cell.conditions) for cell in cells_of(cells, country)}
    if not own or margins - {margin_of(cell.conditions) for cell in own}:
        return Finding(Verdict.NO_CELL)
    keys = tuple(cell.key for cell in own)
    if any(placed.get(cell.key, 0) >= cell.target for cell in own):
        return Finding(Verdict.FULL, keys)
    return Finding(Verdict.PLACE, keys)


def find_fault(quota: Mapping[str, Any], questions: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with a quota of a study's file, in one sentence; empty: nothing.

    `questions` are the definitions of the screening instrument by code.
    """
    name, conditions = f"The quota {quota['key']}", quota["conditions"]
    ways = conditions if isinstance(conditions, list) else [conditions]
    if not ways or not all(isinstance(way, Mapping) and way for way in ways):
        return f"{name} has no conditions."
    for code, condition in (pair for way in ways for pair in way.items()):
        if code != "country" and code not in questions:
            return f"{name} asks for {code}, which is no question of the quota instrument."
        fault = _fault_of(code, condition, questions.get(code))
        if fault:
            return f"{name} {fault}."
    return ""


def _fault_of(code: str, condition: Any, question: Mapping[str, Any] | None) -> str:
    number = question is not None and question["kind"] == "integer"
    if isinstance(condition, Mapping):
        return (
            "" if number and _are_limits(condition) else f"gives {code} limits that cannot be used"
        )
    if not isinstance(condition, list) or not condition:
        return f"gives {code} neither a list nor limits"
    if number:
        words = [str(item) for item in condition if not _is_number(item) and item != REFUSED]
        return f"names {', '.join(words)}, and {code} is a number" if words else ""
    if question is not None:
        known = {str(option["code"]) for option in question["options"]} | {REFUSED}
        unknown = sorted({str(item) for item in condition} - known)
        if unknown:
            return f"names {', '.join(unknown)}, which {code} does not offer"
    return ""


def _is_number(item: Any) -> bool:
    return str(item).lstrip("-").isdecimal()


def _are_limits(condition: Mapping[str, Any]) -> bool:
    limits = [condition.get("from"), condition.get("to")]
    given = [limit for limit in limits if limit is not None]
    return (
        not set(condition) - {"from", "to"}
        and bool(given)
        and all(isinstance(limit, int) for limit in given)
        and given == sorted(given)
    )

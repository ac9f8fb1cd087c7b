"""The cells of a study file in each form it may give them, as conditions and whole targets.

A list of cells with targets or shares, a table beside the file, or an even split. Shares
are shares of a locale's planned people; largest remainders make them whole.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

from annotation.cells.quotas import Cell, alternatives, find_fault, margin_of
from annotation.cells.rounding import largest_remainder
from annotation.cells.strata import planned_strata

# People planned in each country; None: a locale of it does not say.
People = Mapping[str, int | None]
Questions = Mapping[str, Mapping[str, Any]]
ROUNDED = Fraction(1, 100)  # by how much shares may miss 1
LONGEST_KEY, LONGEST_STRATUM = 50, 200
LIMITS = re.compile(r"(\d*)\s*[-–]\s*(\d*)|(\d+)\s*\+")


class CellFault(ValueError):
    """What is wrong with the cells, in one sentence."""


def people_of(locales: Sequence[tuple[str, int | None]]) -> dict[str, int | None]:
    """People by country, of (country, people) of each locale."""
    people: dict[str, int | None] = {}
    for country, planned in locales:
        before = people.get(country, 0)
        people[country] = None if planned is None or before is None else before + planned
    return people


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table of cells. Raises CellFault."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CellFault(f"The table of cells {path.name} cannot be read: {error}.") from error
    if not rows:
        raise CellFault(f"The table of cells {path.name} has no rows.")
    return rows


def with_tables(definition: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A study's definition with the table of cells that it names, read. Raises CellFault."""
    about = definition.get("study")
    quotas = about.get("quotas") if isinstance(about, dict) else None
    if not isinstance(quotas, dict) or not isinstance(quotas.get("table"), str):
        return definition
    table = quotas | {"table": read_table(folder / quotas["table"])}
    return definition | {"study": {**definition["study"], "quotas": table}}


def expand(quotas: Any, people: People, questions: Questions) -> list[dict[str, Any]]:
    """Key, conditions and target of every cell, whatever form they are given in.

    Raises CellFault with one sentence where they cannot be used.
    """
    cells = [_keyed(cell) for cell in _listed(quotas, people, questions)]
    doubled = [key for key, times in Counter(cell["key"] for cell in cells).items() if times > 1]
    if doubled:
        raise CellFault(f"Two quotas are called {doubled[0]}.")
    for cell in cells:
        fault = find_fault(cell, questions) or _fault_of(cell, people)
        if fault:
            raise CellFault(fault)
    _set_targets(cells, people)
    kinds = [Cell(cell["key"], cell["conditions"], cell["target"]) for cell in cells]
    longest = max((len(key) for land in people for key in planned_strata(kinds, land)), default=0)
    if longest > LONGEST_STRATUM:
        raise CellFault(
            f"The keys of the quotas that go together make {longest} characters; "
            f"at most {LONGEST_STRATUM} can be stored."
        )
    return [
        {"key": cell["key"], "conditions": cell["conditions"], "target": cell["target"]}
        for cell in cells
    ]


def _listed(quotas: Any, people: People, questions: Questions) -> list[dict[str, Any]]:
    if isinstance(quotas, list):
        return [dict(cell) for cell in quotas]
    if isinstance(quotas, Mapping) and set(quotas) == {"table"}:
        if not isinstance(quotas["table"], list):
            raise CellFault(f"The table of quotas {quotas['table']} was not read.")
        return [_of_row(row, number) for number, row in enumerate(quotas["table"], start=2)]
    if isinstance(quotas, Mapping) and "even" in quotas and set(quotas) <= {"even", "marginal"}:
        return list(_even(quotas["even"], people, questions, bool(quotas.get("marginal"))))
    raise CellFault("The quotas are a list, a table or an even split.")


def _of_row(row: Mapping[str, str], number: int) -> dict[str, Any]:
    """A cell of a table's row. An empty field asks nothing."""
    given = {name: text for name, text in row.items() if text}
    amount = [name for name in ("share", "target") if name in given]
    if "country" not in given or len(amount) != 1:
        raise CellFault(f"Row {number} of the table needs a country and a share or a target.")
    named = {name: text for name, text in given.items() if name not in ("key", *amount)}
    conditions = {name: _condition(text) for name, text in named.items()}
    cell: dict[str, Any] = {"conditions": conditions, amount[0]: given[amount[0]]}
    cell["key"] = given.get("key") or key_of(named.values())
    return cell


def _condition(text: str) -> Any:
    """Codes parted by |, or limits: 18-34, 55-, 55+, -34."""
    limits = LIMITS.fullmatch(text)
    if not limits or text in "-–":
        return [code.strip() for code in text.split("|")]
    low, high = limits[1] or limits[3], limits[2]
    found = {"from": int(low) if low else None, "to": int(high) if high else None}
    return {name: limit for name, limit in found.items() if limit is not None}


def _even(
    parts: Any, people: People, questions: Questions, marginal: bool
) -> Iterator[dict[str, Any]]:
    """For each country every combination of the parts, or every part, with an equal share."""
    if not isinstance(parts, Mapping) or not parts or not all(parts.values()):
        raise CellFault("An even split names questions, and for each its parts.")
    unknown = sorted(set(parts) - set(questions))
    if unknown:
        raise CellFault(f"The even split names {unknown[0]}, no question of the quota instrument.")
    each = {name: [(name, _part(part)) for part in parts[name]] for name in parts}
    splits = [list(product(one)) for one in each.values()] if marginal else [
        list(product(*each.values()))
    ]  # fmt: skip
    for country in people:
        for split in splits:
            for combined in split:
                words = [country, *(_word(condition) for _name, condition in combined)]
                yield {
                    "key": key_of(words),
                    "conditions": {"country": [country], **dict(combined)},
                    "share": Fraction(1, len(split)),
                }


def _part(part: Any) -> Any:
    """A code, several codes, or two limits of which one may be empty."""
    if not isinstance(part, list):
        return [part]
    if len(part) == 2 and all(limit is None or isinstance(limit, int) for limit in part):
        found = zip(("from", "to"), part, strict=True)
        return {name: limit for name, limit in found if limit is not None}
    return part


def _word(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return "-".join(str(code) for code in condition)
    low, high = condition.get("from"), condition.get("to")
    return f"{low}-up" if high is None else f"to-{high}" if low is None else f"{low}-{high}"


def key_of(words: Any) -> str:
    """A cell's key from the words of its conditions."""
    plain = "-".join(str(word).lower() for word in words)
    return re.sub(r"[^a-z0-9_]+", "-", plain.replace("+", "-up")).strip("-")


def _keyed(cell: dict[str, Any]) -> dict[str, Any]:
    key = str(cell["key"])
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", key) or len(key) > LONGEST_KEY:
        raise CellFault(
            f"The quota {key!r} needs a key of at most {LONGEST_KEY} letters, digits, - and _."
        )
    return cell | {"key": key}


def _fault_of(cell: Mapping[str, Any], people: People) -> str:
    strange = sorted(set(_countries(cell)) - set(people))
    if strange:
        return f"The quota {cell['key']} names {strange[0]}, where the study has no locale."
    if ("share" in cell) == ("target" in cell):
        return f"The quota {cell['key']} needs either a target or a share."
    if "target" in cell and not re.fullmatch(r"\d+", str(cell["target"])):
        return f"The target of the quota {cell['key']} is no whole number."
    return ""


def _countries(cell: Mapping[str, Any]) -> list[str]:
    """Countries a cell names; none: it stands in all of them."""
    ways = alternatives(cell["conditions"])
    return sorted({str(country) for way in ways for country in way.get("country", [])})


def _set_targets(cells: list[dict[str, Any]], people: People) -> None:
    """Targets as numbers; of cells with shares those of each margin sum to the people."""
    margins: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    for cell in cells:
        margins[tuple(_countries(cell)) or tuple(people), margin_of(cell["conditions"])] += [cell]
    for (countries, _margin), its in margins.items():
        where = ", ".join(countries)
        with_share = [cell for cell in its if "share" in cell]
        if not with_share:
            continue
        if len(with_share) < len(its):
            raise CellFault(f"Quotas of {where} have shares and targets for the same questions.")
        planned = [people[country] for country in countries]
        if None in planned:
            raise CellFault(f"Shares need people: give each locale of {where} its planned people.")
        shares = [_share(cell) for cell in its]
        if abs(sum(shares, Fraction(-1))) > ROUNDED:
            raise CellFault(f"The shares of {where} sum to {float(sum(shares)):.3f} and not to 1.")
        total = sum(number or 0 for number in planned)
        for cell, target in zip(its, largest_remainder(shares, total), strict=True):
            cell["target"] = target
    for cell in cells:
        cell["target"] = int(cell["target"])


def _share(cell: Mapping[str, Any]) -> Fraction:
    try:
        share = Fraction(
            cell["share"] if isinstance(cell["share"], Fraction) else str(cell["share"])
        )
    except (ValueError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise CellFault(f"The share of the quota {cell['key']} is no number between 0 and 1.")
    return share

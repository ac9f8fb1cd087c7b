"""Strata: the combinations of cells that people of one locale fit, and their shares.

Cells that name the same questions are one margin. A person's stratum is the cells she
fits. With one margin (crossed cells) a stratum is a cell, and its share is the cell's part
of the margin's people; with several (marginal quotas) a stratum is one cell of each, and
its share is the product of their parts, for nothing is known of how they go together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from annotation.cells.quotas import Cell, Facts, cells_of, fits, margin_of, ways_in
from annotation.cells.rounding import round_rows

JOIN = "+"
LONGEST = 200  # characters of a stratum, as the columns hold them


def join_keys(keys: Iterable[str]) -> str:
    return JOIN.join(sorted(keys))


def noted(keys: Iterable[str]) -> str:
    """What is noted on a person of the cells she fits. Overlapping cells may be more than the
    note holds: then nothing is, and no place is planned for them, as for whoever fits none."""
    stratum = join_keys(keys)
    return stratum if len(stratum) <= LONGEST else ""


def stratum_of(cells: Sequence[Cell], facts: Facts) -> str:
    """The keys of the cells she fits; empty: she fits none."""
    return noted(cell.key for cell in cells if fits(cell.conditions, facts))


def planned_strata(cells: Iterable[Cell], country: str) -> dict[str, Fraction]:
    """The share of each stratum among a country's people; empty: no cell wants any."""
    margins: defaultdict[frozenset[str], list[Cell]] = defaultdict(list)
    for cell in cells_of(cells, country):
        if cell.target:
            margins[margin_of(cell.conditions)].append(cell)
    if not margins:
        return {}
    weights: dict[str, Fraction] = {}
    for combined in product(*margins.values()):
        if _can_go_together(combined, country):
            weight = Fraction(1)
            for cell in combined:
                weight *= cell.target
            weights[join_keys(cell.key for cell in combined)] = weight
    whole = sum(weights.values())
    return {key: weights[key] / whole for key in sorted(weights)}


def _can_go_together(cells: Sequence[Cell], country: str) -> bool:
    """Whether anybody at all can fit every one of them."""
    ways = [ways_in(cell, country) for cell in cells]
    return any(_agree(chosen) for chosen in product(*ways))


def _agree(conditions: Sequence[Mapping[str, Any]]) -> bool:
    names = {name for one in conditions for name in one}
    return all(_overlap([one[name] for one in conditions if name in one]) for name in names)


def _overlap(conditions: Sequence[Any]) -> bool:
    listed = [one for one in conditions if not isinstance(one, Mapping)]
    limits = [one for one in conditions if isinstance(one, Mapping)]
    low = max((one["from"] for one in limits if one.get("from") is not None), default=None)
    high = min((one["to"] for one in limits if one.get("to") is not None), default=None)
    if not listed:
        return low is None or high is None or low <= high
    shared = set.intersection(*({str(code) for code in one} for one in listed))
    return any(not limits or _within(code, low, high) for code in shared)


def _within(code: str, low: int | None, high: int | None) -> bool:
    if not code.isdecimal():
        return False
    return (low is None or int(code) >= low) and (high is None or int(code) <= high)


def wanted(places: int, kept: Mapping[str, int], shares: Mapping[str, Fraction]) -> list[Fraction]:
    """How many of a set's free places each stratum should have, beside those kept.

    `places` counts free and kept ones. Whatever a stratum has beyond its part is taken
    from the others in proportion. Sums to the number of free places.
    """
    free = places - sum(kept.values())
    needs = [max(Fraction(0), places * share - kept.get(key, 0)) for key, share in shares.items()]
    whole = sum(needs)
    return [need * free / whole if whole else Fraction(0) for need in needs]


def label(
    rows: Sequence[Sequence[Fraction]], strata: Sequence[str], seed: int
) -> Iterator[list[str]]:
    """For each row its strata as often as the rounded row says, in the order of the strata."""
    for counts in round_rows(rows, seed):
        yield [key for key, count in zip(strata, counts, strict=True) for _ in range(count)]

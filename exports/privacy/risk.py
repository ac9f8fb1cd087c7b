"""How well a person hides among others: k, unique people, l-diversity and t-closeness.

Everything counts people, never rows: each array has one value a person, of shape (n,). A
missing answer is a value like any other, which never hides anybody behind a guess. Groups
are numbers from 0, one a combination of quasi-identifiers that occurs.

- k: Sweeney (2002), "k-anonymity: a model for protecting privacy", IJUFKS 10(5).
- l: Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam (2007), "l-diversity: privacy beyond
  k-anonymity", ACM TKDD 1(1), distinct l-diversity and (as the exponential) entropy l.
- t: Li, Li, Venkatasubramanian (2007), "t-closeness: privacy beyond k-anonymity and
  l-diversity", ICDE, earth mover's distance with the equal and with the ordered distance.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Values = npt.NDArray[Any]  # text, "" where there is no answer


def group(columns: Sequence[Values], n: int) -> Ints:
    """The group of each of n people: alike in every column. Without columns all are alike."""
    found = np.zeros(n, dtype=np.int64)
    for column in columns:
        _values, codes = np.unique(column, return_inverse=True)
        _pairs, found = np.unique(found * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    return found.astype(np.int64)


def sizes(groups: Ints) -> Ints:
    """Of each person's group: how many people it holds, she included."""
    return np.asarray(np.bincount(groups)[groups] if groups.size else groups, dtype=np.int64)


def smallest(groups: Ints) -> int:
    """k: the size of the smallest group; 0 without people."""
    return int(np.bincount(groups).min()) if groups.size else 0


def share_unique(groups: Ints) -> float:
    """Of all people: those who are alone in their group."""
    return float(np.mean(sizes(groups) == 1)) if groups.size else 0.0


def counts(
    groups: Ints, values: Values, *, unsaid: Sequence[str] = ("",), scale: Sequence[str] = ()
) -> Ints:
    """(groups, values): people of each group by what they answered; `unsaid` counts for nothing.

    The columns are the values of `scale` in its order (others count for nothing either), or
    without one the values that occur, sorted as text.
    """
    said = np.isin(values, list(scale)) if scale else ~np.isin(values, list(unsaid))
    known, codes = np.unique(values[said], return_inverse=True)
    if scale:
        codes = np.array([list(scale).index(value) for value in known], dtype=np.int64)[codes]
        known = np.array(scale)
    table = np.zeros((groups.max(initial=-1) + 1, known.size), dtype=np.int64)
    np.add.at(table, (groups[said], codes), 1)
    return table


def distinct(table: Ints) -> Ints:
    """(groups,): how many different answers a group of `counts` gave; 0 where nobody answered."""
    return np.asarray((table > 0).sum(axis=1), dtype=np.int64)


def diversity(table: Ints) -> int:
    """l: the fewest different answers of any group in which somebody answered; 0: nobody did."""
    found = distinct(table)
    return int(found[found > 0].min()) if (found > 0).any() else 0


def entropy_diversity(table: Ints) -> float:
    """Entropy l: the smallest exponential of a group's Shannon entropy; 0 where nobody answered."""
    asked = table[table.sum(axis=1) > 0]
    if not asked.size:
        return 0.0
    shares = asked / asked.sum(axis=1, keepdims=True)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return float(np.exp(-(shares * logs).sum(axis=1)).min())


def distances(table: Ints, *, ordered: bool) -> Floats:
    """(groups,): earth mover's distance, 0 to 1, of each group's answers from everybody's.

    Equal distance: half the sum of differences. Ordered (the columns are steps of a scale): the
    sum of the absolute running differences over the number of steps less one. 0 where nobody
    answered.
    """
    total = table.sum(axis=1, keepdims=True)
    if table.shape[1] < 2 or not total.any():
        return np.zeros(table.shape[0])
    own = table / np.maximum(total, 1)
    apart = np.where(total > 0, own - table.sum(axis=0) / total.sum(), 0.0)
    if ordered:
        return np.asarray(np.abs(apart.cumsum(axis=1)).sum(axis=1) / (table.shape[1] - 1))
    return np.asarray(np.abs(apart).sum(axis=1) / 2)


def closeness(table: Ints, *, ordered: bool = False) -> float:
    """t: the largest of these distances."""
    return float(distances(table, ordered=ordered).max(initial=0.0))

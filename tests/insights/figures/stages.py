"""The likelihood of staged choices with ties, written out: nothing of the product's code.

A ranking is a row of choices, each of a set of equals from what is left. The set S of what is
left is chosen with weight exp(mean utility of S + tie of |S|), Turner et al. (2020). Loops over
judgements, stages and sets, for some hundred judgements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Judged:
    """One ranking: who made it, what each response is, and its rank (None: left unranked)."""

    person: int
    responses: Sequence[Mapping[str, float]]  # covariates by name; 0 where one is not named
    ranks: Sequence[int | None]

    def stages(self) -> list[tuple[frozenset[int], list[int]]]:
        """Of each choice the equals that were taken, and all that were left."""
        found, left = [], list(range(len(self.ranks)))
        for rank in sorted({rank for rank in self.ranks if rank}):
            taken = frozenset(place for place in left if self.ranks[place] == rank)
            found.append((taken, list(left)))
            left = [place for place in left if place not in taken]
        return found


def sizes_of(judged: Sequence[Judged]) -> list[int]:
    """Sizes of ties that occur."""
    return sorted({len(taken) for one in judged for taken, _left in one.stages()} - {1})


def scores(
    judged: Sequence[Judged], names: Sequence[str], at: Floats
) -> tuple[dict[int, Floats], Floats]:
    """The gradient of the log likelihood by person, and its curvature; `at`: the effects of the
    names, then one number for each size of ties."""
    sizes = sizes_of(judged)
    whole = np.zeros((at.size, at.size))
    people: dict[int, Floats] = {}
    for one in judged:
        x = np.array([[response.get(name, 0.0) for name in names] for response in one.responses])
        own = people.setdefault(one.person, np.zeros(at.size))
        for taken, left in one.stages():
            sets = [
                frozenset(some)
                for size in (1, *sizes)
                if size <= len(left)
                for some in combinations(left, size)
            ]
            marks = np.array(
                [
                    [*x[list(some)].mean(axis=0), *(float(len(some) == size) for size in sizes)]
                    for some in sets
                ]
            )
            weight = np.exp(marks @ at - (marks @ at).max())
            chance = weight / weight.sum()
            middle = chance @ marks
            own += marks[sets.index(taken)] - middle
            whole += (marks.T * chance) @ marks - np.outer(middle, middle)
    return people, whole


def settle(judged: Sequence[Judged], known: Mapping[str, float], free: Sequence[str]) -> Floats:
    """The effects of all names, the known ones as they are, the free ones and the ties as the
    likelihood is largest beside them: Newton's steps."""
    names = [*known, *free]
    at = np.zeros(len(names) + len(sizes_of(judged)))
    at[: len(known)] = list(known.values())
    for _step in range(30):
        people, whole = scores(judged, names, at)
        gradient = sum(people.values(), np.zeros(at.size))[len(known) :]
        move = np.linalg.solve(whole[len(known) :, len(known) :], gradient)
        at[len(known) :] += move
        if np.abs(move).max(initial=0) < 1e-10:
            break
    return at


def clustered(people: Mapping[int, Floats], whole: Floats) -> Floats:
    """The covariance of the effects by the sandwich over people."""
    inverse = np.linalg.inv(whole)
    middle = sum((np.outer(one, one) for one in people.values()), np.zeros(whole.shape))
    return np.asarray(inverse @ middle @ inverse * len(people) / (len(people) - 1))

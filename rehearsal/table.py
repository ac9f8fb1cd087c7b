"""What was judged, as arrays: one row a judgement, one column a place on the page."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from insights.statistics.arrays import Bools, Ints
from rehearsal.truth import POLES

Labels = npt.NDArray[np.str_]


class Judgement(NamedTuple):
    """One ranking of a pool conversation's first turn. Later turns are no part of the table.

    `order` holds, by place on the page, the position that the candidate has in its set;
    `poles` its pole ("" for the default one) and `ranks` its rank, in the same order;
    None: left unranked. `chosen` is a place on the page, from 0. `judged_set` is the
    candidate set with its locale, `ordinal` its slot's; `counted` is False for surplus.
    """

    person: int
    prompt: int
    judged_set: int
    locale: str
    country: str
    gender: str
    age_band: str
    poles: Sequence[str]
    order: Sequence[int]
    ranks: Sequence[int | None]
    chosen: int
    ordinal: int
    counted: bool = True


@dataclass(frozen=True)
class Table:
    """The judgements of a rehearsal. Labels are the database's, `person` is the truth's index."""

    person: Ints  # (n,)
    prompt: Ints  # (n,)
    judged_set: Ints  # (n,)
    locale: Labels  # (n,)
    country: Labels  # (n,)
    gender: Labels  # (n,)
    age_band: Labels  # (n,)
    pole: Ints  # (n, k) index in truth.POLES; -1: nothing at this place
    order: Ints  # (n, k) position in the set; -1: nothing at this place
    rank: Ints  # (n, k) competition ranks, 1 = best; 0: unranked, or nothing there
    chosen: Ints  # (n,) place on the page, from 0
    ordinal: Ints  # (n,)
    counted: Bools  # (n,)

    @classmethod
    def of(cls, rows: Sequence[Judgement]) -> "Table":
        places = max((len(row.poles) for row in rows), default=1)

        def wide(values: list[list[int]], empty: int) -> Ints:
            filled = [row + [empty] * (places - len(row)) for row in values]
            return np.array(filled, dtype=np.int64).reshape(len(rows), places)

        def column(name: str) -> Ints:
            return np.array([getattr(row, name) for row in rows], dtype=np.int64)

        def labels(name: str) -> Labels:
            return np.array([getattr(row, name) for row in rows], dtype=np.str_)

        return cls(
            person=column("person"),
            prompt=column("prompt"),
            judged_set=column("judged_set"),
            locale=labels("locale"),
            country=labels("country"),
            gender=labels("gender"),
            age_band=labels("age_band"),
            pole=wide([[POLES.index(pole) for pole in row.poles] for row in rows], -1),
            order=wide([list(row.order) for row in rows], -1),
            rank=wide([[rank or 0 for rank in row.ranks] for row in rows], 0),
            chosen=column("chosen"),
            ordinal=column("ordinal"),
            counted=np.array([row.counted for row in rows], dtype=np.bool_),
        )

    @classmethod
    def joined(cls, parts: Sequence["Table"]) -> "Table":
        """One below the other; narrow ones are filled up with places where nothing stood."""
        if not parts:
            return cls.of([])
        places = max(part.pole.shape[1] for part in parts)
        empty = {"pole": -1, "order": -1, "rank": 0}

        def column(part: "Table", name: str) -> Any:
            values = getattr(part, name)
            if name not in empty:
                return values
            lacking = ((0, 0), (0, places - values.shape[1]))
            return np.pad(values, lacking, constant_values=empty[name])

        names = [item.name for item in fields(cls)]
        return cls(
            **{name: np.concatenate([column(part, name) for part in parts]) for name in names}
        )

    def __len__(self) -> int:
        return int(self.person.size)

    def where(self, kept: Bools) -> "Table":
        return replace(self, **{item.name: getattr(self, item.name)[kept] for item in fields(self)})

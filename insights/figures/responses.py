"""What figures of preference know of each response that was judged."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from insights.figures.judgements import NOT_OFFERED, Judgements, Labels
from insights.statistics.arrays import Bools, Floats, Ints

ANCHOR = "anchor"
DEFAULT = "default"


@dataclass(frozen=True)
class Responses:
    """Judgements whose responses are the columns (n, k), by position in their set."""

    data: Judgements

    @cached_property
    def shown(self) -> Bools:
        return np.asarray(self.data.rows.ranks != NOT_OFFERED)

    @cached_property
    def ranks(self) -> Ints:
        """1 = best, equal = tied, 0 = there to be chosen and not ranked.

        Of the best and the worst only the best is a stage: the last place was asked for while
        those before it were not, so that it does not follow them.
        """
        ranks = np.where(self.shown, self.data.rows.ranks, 0)
        extremes = (self.data.rows.mode == "best_worst")[:, None]
        return np.where(extremes & (ranks != 1), 0, ranks)

    @cached_property
    def places(self) -> Ints:
        """Where each response stood on the page, from 0; -1 where none was shown."""
        order = self.data.rows.order
        found = np.full(order.shape, -1, dtype=np.int64)
        rows, spots = np.nonzero(order >= 0)
        found[rows, order[rows, spots]] = spots
        return found

    @cached_property
    def kinds(self) -> tuple[Ints, list[str]]:
        """What each response is, (n, k) and -1, and the names: the value pole that it was
        steered to, or else its source. The default one comes first, the others by name."""
        sets = self.data.sets
        used = self._of_set(np.where(sets.pole != "", sets.pole, sets.source))
        names = sorted(set(np.unique(used[self.shown]).tolist()), key=lambda n: (n != DEFAULT, n))
        return self._codes(used, names), names

    @cached_property
    def arms(self) -> tuple[Ints, list[str]]:
        """Each judgement's arm (n,), and the names."""
        used = self.data.sets.arm[self.data.rows.judged_set]
        names, codes = np.unique(used, return_inverse=True)
        return codes.astype(np.int64), names.tolist()

    @cached_property
    def anchored(self) -> Bools:
        """(n, k) whether a response is the one that all arms of its prompt share."""
        sets, judged = self.data.sets, self.data.rows.judged_set
        return np.asarray(sets.anchored[judged][:, None] & (self._of_set(sets.source) == DEFAULT))

    @cached_property
    def words(self) -> Floats:
        return np.asarray(self._of_set(self.data.sets.words), dtype=np.float64)

    @cached_property
    def lists(self) -> Floats:
        return np.asarray(self._of_set(self.data.sets.lists), dtype=np.float64)

    @cached_property
    def headings(self) -> Floats:
        return np.asarray(self._of_set(self.data.sets.headings), dtype=np.float64)

    def _of_set(self, column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A set's column (s, k) for each judgement, as wide as the judgements are."""
        return column[self.data.rows.judged_set][:, : self.data.rows.ranks.shape[1]]

    def _codes(self, labels: Labels, names: list[str]) -> Ints:
        found = np.full(labels.shape, -1, dtype=np.int64)
        for code, name in enumerate(names):
            found[labels == name] = code
        return np.where(self.shown, found, -1)

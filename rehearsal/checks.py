"""Whether a rehearsal holds: each check with its figure, its bound, and words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rehearsal.table import Table
from rehearsal.truth import Truth


@dataclass(frozen=True)
class Check:
    """One sentence that holds or not. `figure` and `bound` are numbers a machine can read:
    the check holds where figure <= bound, or as `words` say."""

    name: str
    holds: bool
    figure: float
    bound: float
    words: str


def run(
    truth: Truth,
    table: Table,
    *,
    flagged: Collection[int],
    judged_turns: Mapping[int, int],
) -> list[Check]:
    """Every check that needs the truth: order balance, recovery, careless people.

    flagged: truth's indices of people with a raised flag of any kind, after a last review of
    everybody (`annotation.review.review_work`), so that speed is measured against the study's
    own norm. judged_turns: how many turns each person ranked, later and own ones too.
    """
    raise NotImplementedError


_CHECKS: list[Callable[[], Check]] = []

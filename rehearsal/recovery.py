"""Whether the planted truth comes back from what was stored.

Every figure with at least `LEAST_PEOPLE` people behind it must lie within its interval
around what the known model expects, all of them together at family-wise 99 %: Bonferroni
over all figures of all families, Student's t with one degree of freedom fewer than people,
widened for the noise of the replays. Errors are those that a researcher would print, made
by insights/ from the same judgements, so a wrong interval fails here too.
"""

from collections.abc import Collection

import numpy as np

from insights.statistics.arrays import Bools, Floats
from insights.statistics.choice_model import NotIdentifiedError
from insights.statistics.multiple import bonferroni_level
from rehearsal import figures
from rehearsal.figures import Figures
from rehearsal.findings import Check, Detail
from rehearsal.replay import Replay
from rehearsal.table import Table
from rehearsal.truth import Truth

FAMILY = 0.99
# Fewer people than this carry no figure of their own: the interval would say nothing.
LEAST_PEOPLE = 20
# Replays cost time with every judgement, and their own noise shrinks with them.
REPLAYED_JUDGEMENTS = 60_000
MOST_REPLAYS, LEAST_REPLAYS = 12, 4


def check_recovery(truth: Truth, table: Table) -> list[Check]:
    """One check for each family of figures; `figure` is the largest distance found in units
    of the distance allowed, `bound` is 1. A family without a figure of enough people holds and
    says that it was not judged; what everybody shares always is, or nothing holds."""
    if np.unique(table.person).size < LEAST_PEOPLE:
        words = f"Fewer than {LEAST_PEOPLE} people judged anything: nothing can be said."
        return [Check("recovery of the planted truth", False, 0.0, 1.0, words)]
    found: dict[str, Figures] = {}
    failed: list[Check] = []
    for family in figures.families(truth):
        try:
            found[family.name] = family.figures(table)
        except NotIdentifiedError as error:
            failed.append(Check(family.name, False, 0.0, 1.0, f"Nothing can be said: {error}"))
    judged = {name: _enough(family) for name, family in found.items()}
    level = bonferroni_level(sum(int(kept.sum()) for kept in judged.values()), FAMILY)
    replays, expected = expect(truth, table, set(found))
    return failed + [
        _compare(name, family, expected[name], judged[name], level=level, replays=replays)
        for name, family in found.items()
    ]


def expect(
    truth: Truth, table: Table, names: Collection[str] | None = None
) -> tuple[int, dict[str, Floats]]:
    """How often the plan was replayed, and each family's figures, mean over the replays.

    names: only these families; None: all. Memory is that of one replay.
    """
    rng = np.random.default_rng([truth.seed, 1])
    replay = Replay.of(truth, table)
    number = int(np.clip(REPLAYED_JUDGEMENTS // len(table), LEAST_REPLAYS, MOST_REPLAYS))
    sums: dict[str, Floats] = {}
    for _time in range(number):
        drawn = {balanced: replay.draw(rng, reordered=balanced) for balanced in (False, True)}
        for family in figures.families(truth):
            if names is None or family.name in names:
                value = family.figures(drawn[family.balanced]).found.value
                sums[family.name] = sums.get(family.name, 0.0) + value
    return number, {name: total / number for name, total in sums.items()}


def _enough(family: Figures) -> Bools:
    found = family.found
    return np.asarray((found.people >= LEAST_PEOPLE) & np.isfinite(found.value) & (found.error > 0))


def _compare(
    name: str, family: Figures, expected: Floats, judged: Bools, *, level: float, replays: int
) -> Check:
    allowed = family.found.half_width(level) * np.sqrt(1 + 1 / replays)
    details = tuple(
        Detail(
            family.names[place],
            float(family.found.value[place]),
            float(expected[place]),
            float(allowed[place]),
        )
        for place in np.flatnonzero(judged)
    )
    if not details:
        words = f"Not judged: no figure has {LEAST_PEOPLE} people behind it."
        return Check(name, True, 0.0, 1.0, words)
    worst = max(details, key=lambda detail: detail.distance)
    words = (
        f"{len(details)} figures; the farthest: {worst.name} is {worst.found:.3f}, and the "
        f"planted model expects {worst.expected:.3f} ± {worst.allowed:.3f}."
    )
    return Check(name, worst.distance <= 1, round(worst.distance, 4), 1.0, words, details)

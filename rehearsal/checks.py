"""Whether a rehearsal holds, as far as it can be seen from judgements, flags and the truth.

What can be seen from the database alone (targets met, no duplicate, no loss, leases given
out again) is checked by whoever plays the rehearsal, with the same `Check`.
"""

from collections.abc import Collection, Mapping

import numpy as np
from scipy import stats

from annotation.review.signals import SPEED_TURNS
from insights.statistics import position
from insights.statistics.arrays import Bools, Ints
from insights.statistics.multiple import bonferroni_level
from rehearsal.draws import HONEST
from rehearsal.figures import NAMES
from rehearsal.findings import Check
from rehearsal.recovery import FAMILY, check_recovery
from rehearsal.table import Table
from rehearsal.truth import POLES, Truth

CARELESS_FOUND = 0.90
OTHERS_FOUND = 0.05


def run(
    truth: Truth,
    table: Table,
    *,
    flagged: Collection[int],
    judged_turns: Mapping[int, int],
    people: int,
) -> list[Check]:
    """Every check that needs the truth: labels, order balance, recovery, careless people.

    flagged: the truth's indices of people with a raised flag of any kind, after a last review
    of everybody (`annotation.review.looking.review_work`), so that speed is measured against the
    study's own norm. judged_turns: how many turns each person ranked, later and own ones
    too. people: how many took part, indices 0 to people - 1.
    """
    counted = table.where(table.counted)
    return [
        check_labels(truth, table),
        check_balance(counted),
        check_order_by_pole(counted),
        *check_recovery(truth, counted),
        *check_careless(truth, flagged=flagged, judged_turns=judged_turns, people=people),
    ]


def check_labels(truth: Truth, table: Table) -> Check:
    """Country, gender and age band of every judgement are those its person gave.

    `figure`: people with another label somewhere; bound 0. Shuffled labels also spoil the
    recovery of the planted truth, where enough people are behind them.
    """
    people, which = np.unique(table.person, return_inverse=True)
    given = [truth.person(index) for index in people.tolist()]
    said = np.array([(one.country, one.gender, one.age_band) for one in given], dtype=np.str_)
    stored = np.stack([table.country, table.gender, table.age_band], axis=1)
    wrong = int(np.unique(which[(said.reshape(-1, 3)[which] != stored).any(axis=1)]).size)
    words = f"{people.size} people; of {wrong} of them a stored label is not what they said."
    holds = wrong == 0 and people.size > 0
    return Check("labels as people gave them", holds, wrong, 0, words)


def check_balance(table: Table) -> Check:
    """Each candidate of a set stood in each place equally often, or once more.

    In any run of ordinals from 0 a balanced square promises just that; each ordinal below the
    last that was not judged may add one. `figure`: sets and locales that break it; bound 0.
    """
    sets = np.unique(table.judged_set, return_inverse=True)[1]
    counts = position.display_counts(table.order, sets)
    last = np.full(len(counts), -1, dtype=np.int64)
    np.maximum.at(last, sets, table.ordinal)
    missing = np.maximum(last + 1 - np.bincount(sets, minlength=len(counts)), 0)
    broken = int((_spread(counts) > 1 + missing).sum())
    words = (
        f"{len(counts)} sets by locale; in {broken} of them a candidate stands in some place "
        "more often than the balanced square gives."
    )
    return Check("order balance by candidate", broken == 0 and len(counts) > 0, broken, 0, words)


def check_order_by_pole(table: Table) -> Check:
    """No pole stood in a place more often than orders drawn by lot would put it there."""
    excess = position.display_excess(table.order, table.pole)
    figure = float(np.abs(excess).max(initial=0.0))
    bound = float(stats.norm.ppf(0.5 + bonferroni_level(excess.size, FAMILY) / 2))
    name = "order balance by pole"
    if not excess.size:
        return Check(name, False, 0.0, bound, "Nothing was judged: nothing can be said.")
    pole, place = np.unravel_index(np.abs(excess).argmax(), excess.shape)
    words = (
        f"The farthest from equal: {NAMES[POLES[pole]]} in place {place + 1}, by {figure:.1f} "
        "standard deviations of orders drawn by lot."
    )
    return Check(name, figure <= bound, round(figure, 3), round(bound, 3), words)


def check_careless(
    truth: Truth, *, flagged: Collection[int], judged_turns: Mapping[int, int], people: int
) -> list[Check]:
    """At least 90 % of the careless and at most 5 % of the others have a flag.

    The shares are those observed, however small the numbers: a careless person is ten times
    as fast as the norm and a flag needs three times, so that a single miss is a fault. Only
    people count who ranked as many turns as the speed signal needs; with fewer no flag is
    possible. Where half of the careless ranked too little the check fails.
    """
    careless = truth.careless(people) != HONEST
    able = np.array([judged_turns.get(index, 0) >= SPEED_TURNS for index in range(people)])
    noticed = np.array([index in flagged for index in range(people)])
    return [
        _share("careless people flagged", noticed, careless, able, least=CARELESS_FOUND),
        _share("others flagged", noticed, ~careless, able, most=OTHERS_FOUND),
    ]


def _share(
    name: str,
    noticed: Bools,
    group: Bools,
    able: Bools,
    *,
    least: float = 0.0,
    most: float = 1.0,
) -> Check:
    seen, number, all_of_them = (
        int((noticed & group & able).sum()),
        int((group & able).sum()),
        int(group.sum()),
    )
    share = seen / number if number else 0.0
    words = (
        f"{seen} of {number}; {all_of_them - number} more ranked fewer than {SPEED_TURNS} turns, "
        "of which nothing can be said."
    )
    holds = 2 * number >= all_of_them > 0 and least <= share <= most
    return Check(name, holds, round(share, 4), least or most, words)


def _spread(counts: Ints) -> Ints:
    """By set: the largest minus the smallest count over its own candidates and places."""
    wide = counts.any(axis=2).sum(axis=1)
    inside = np.arange(counts.shape[1])[None, :] < wide[:, None]
    own = inside[:, :, None] & inside[:, None, :]
    least = np.where(own, counts, counts.max(initial=0)).min(axis=(1, 2))
    return np.asarray(counts.max(axis=(1, 2)) - least)

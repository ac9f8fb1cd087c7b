"""Answers cut out of single people's rows, where coarser answers for all did not suffice.

Nothing is drawn: equal people give equal results.
"""

from collections.abc import Sequence

import numpy as np

from exports.privacy import risk
from exports.privacy.coarse import CUT_ORDER, SCALES
from exports.privacy.people import People
from exports.privacy.recoding import REFUSED
from exports.privacy.risk import Bools, Floats, Ints, Values

Blanked = dict[str, frozenset[int]]


def groups_of(people: People, quasi: Sequence[str], without: str = "") -> Ints:
    """(n,): people alike in place and in every quasi-identifier but `without`."""
    columns = [people.answer(code) for code in sorted(quasi) if code != without]
    return risk.group([people.places, *columns], people.n)


def too_few(people: People, k: int) -> frozenset[int]:
    """Everybody of a place where fewer than k finished a conversation, and who finished none.

    Where somebody lives, and her language, can be read in every row: no answer that is cut
    hides her among k. Who finished nothing leaves without answers, and may be alone in that.
    """
    few = risk.sizes(risk.group([people.places], people.n)) < k
    return people.others | frozenset(people.ids[few].tolist())


def cut_small_groups(
    people: People, quasi: Sequence[str], k: int
) -> tuple[Blanked, frozenset[int]]:
    """Cuts one question after the other out of the rows of groups below k.

    Returns who loses which answer, and who loses all. A group of k or more only grows: whole
    groups move. In each place those who lose all are k too, or nobody: what lacks is taken
    from a group that can spare it, else from the smallest groups, whole.
    """
    answers = {code: people.answer(code).copy() for code in quasi}
    blanked: Blanked = {}
    for code in _cut_order(quasi):
        small = risk.sizes(_regroup(people, answers)) < k
        lost = small & (answers[code] != "")
        if lost.any():
            blanked[code] = frozenset(people.ids[lost].tolist())
        answers[code][small] = ""
    gone = risk.sizes(_regroup(people, answers)) < k
    if answers:
        gone |= np.all([values == "" for values in answers.values()], axis=0)
    for place in sorted(set(people.places)):
        here = people.places == place
        gone |= _cover(here, gone & here, _regroup(people, answers), k)
    suppressed = frozenset(people.ids[gone].tolist())
    left = {code: ids - suppressed for code, ids in blanked.items()}
    return {code: ids for code, ids in left.items() if ids}, suppressed


def _cut_order(quasi: Sequence[str]) -> list[str]:
    others = sorted(code for code in quasi if code not in CUT_ORDER)
    return others + [code for code in CUT_ORDER if code in quasi]


def _regroup(people: People, answers: dict[str, Values]) -> Ints:
    return risk.group([people.places, *(answers[code] for code in sorted(answers))], people.n)


def _cover(here: Bools, gone: Bools, groups: Ints, k: int) -> Bools:
    """(n,): more people of a place who must lose all, so that those who do are k."""
    more = np.zeros_like(gone)
    lacking = k - int(gone.sum())
    if lacking == k or lacking <= 0:
        return more
    numbers, found = np.unique(groups[here & ~gone], return_counts=True)
    if found.max(initial=0) >= k + lacking:
        donors = np.flatnonzero(here & ~gone & (groups == numbers[found.argmax()]))
        more[donors[:lacking]] = True
        return more
    for number in numbers[np.argsort(found, kind="stable")]:
        if more.sum() >= lacking:
            break
        more |= here & ~gone & (groups == number)
    return more


def cut_alike_answers(
    people: People,
    quasi: Sequence[str],
    sensitive: Sequence[str],
    fewest: int,
    farthest: float,
) -> Blanked:
    """Cuts a sensitive answer out of groups that give it away.

    Those in which fewer than `fewest` different answers were given (l), or whose answers are
    farther than `farthest` from everybody's (t; 0: not asked). A group is everybody alike in
    the other quasi-identifiers. Repeated until nothing changes: each round only cuts.
    """
    blanked: dict[str, set[int]] = {code: set() for code in sensitive}
    answers = dict(people.answers) | {code: people.answer(code).copy() for code in sensitive}
    people = People(people.ids, people.places, people.countries, answers, people.others)
    changed = True
    while changed:
        changed = False
        for code in sensitive:
            groups = groups_of(people, quasi, without=code)
            lost = _given_away(people, groups, code, fewest, farthest)[groups]
            lost &= answers[code] != ""
            if lost.any():
                blanked[code].update(people.ids[lost].tolist())
                answers[code][lost] = ""
                changed = True
    return {code: frozenset(ids) for code, ids in blanked.items() if ids}


def _given_away(people: People, groups: Ints, code: str, fewest: int, farthest: float) -> Bools:
    """(groups,): whether a group gives the answer away."""
    found = risk.distinct(answers_given(people, groups, code))
    away = (found > 0) & (found < fewest)
    if farthest:
        away |= far_off(people, groups, code) > farthest
    return np.asarray(away)


def answers_given(people: People, groups: Ints, code: str) -> Ints:
    """The table of `risk.counts`; who preferred not to say gave no answer."""
    return risk.counts(groups, people.answer(code), unsaid=("", REFUSED))


def far_off(people: People, groups: Ints, code: str) -> Floats:
    """(groups,): `risk.distances`, ordered where the answers are a scale. Who placed herself
    nowhere on a scale counts for nothing then."""
    values = people.answer(code)
    said = set(values) - {"", REFUSED}
    for scale in SCALES:
        if len(said & set(scale)) >= max(1, len(said) - 1):
            return risk.distances(risk.counts(groups, values, scale=scale), ordered=True)
    return risk.distances(answers_given(people, groups, code), ordered=False)

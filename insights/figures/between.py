"""Figures that compare groups of people: locales, and what people said of themselves."""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop as noop

from annotation.cells.quotas import REFUSED
from insights.figures.agreement import Products, choices, spearman, tau_x
from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.judgements import Judgements
from insights.figures.parts import HIDDEN, LEAST_PEOPLE, PEOPLE, SETS, cells_of, interval, result
from insights.statistics.arrays import Bools, Ints
from insights.statistics.pairwise import Pairwise, Which

GROUP = "agreement"
MEASURES = (
    ("alike", noop("choose alike"), choices),
    ("spearman", noop("mean pairwise Spearman"), spearman),
    ("tau_x", noop("tau-x"), tau_x),
)
NO_PARALLEL = noop(
    "No set of this study was judged in two locales, neither itself nor in a reviewed "
    "translation: sets made in each language are different texts, and are not compared."
)
MEASURE = Column("measure", noop("Measure"), Shape.WORDS)
WITHIN = Column("within", noop("Same locale"), Shape.INTERVAL, 3)
BETWEEN = Column("between", noop("Different locales"), Shape.INTERVAL, 3)
GAP = Column("gap", noop("Difference"), Shape.INTERVAL, 3)
QUESTION = Column("question", noop("Question"), Shape.WORDS)
ANSWER = Column("answer", noop("Answer"), Shape.WORDS)
ALL_ANSWERS = noop("all answers")


def shared(data: Judgements) -> Bools:
    """(n,) whether the candidates of a judgement were judged in two locales or more: the set
    itself, or a reviewed translation of it."""
    stimulus = data.sets.stimulus[data.rows.judged_set]
    pairs = np.unique(np.stack([stimulus, data.rows.locale]), axis=1)
    several = np.bincount(pairs[0], minlength=int(data.sets.stimulus.max(initial=-1)) + 1) > 1
    return np.asarray(several[stimulus])


def within_and_between(data: Judgements, _options: Options) -> Result:
    """Pairs of one locale against pairs of two, over the same candidates."""
    columns = (MEASURE, PEOPLE, SETS, WITHIN, BETWEEN, GAP)
    kept = shared(data)
    if not kept.any():
        return result(data, columns, (), remarks=(Remark(NO_PARALLEL),))
    rows: list[Sequence[Value]] = []
    stimulus = data.sets.stimulus[data.rows.judged_set]
    for _name, words, products in MEASURES:
        judged = _pairs(products(data), kept, stimulus, data.rows.person, data.rows.locale)
        rows.append((words, *_compared(judged)))
    remarks = (Remark(HIDDEN, {"people": LEAST_PEOPLE}),)
    return result(data, columns, rows, remarks=remarks, used=kept)


def by_answers(data: Judgements, _options: Options) -> Result:
    """Pairs of people of one locale who gave the same answer, against those who did not."""
    columns = (
        *(QUESTION, ANSWER, MEASURE, PEOPLE, SETS),
        Column("within", noop("Same answer"), Shape.INTERVAL, 3),
        Column("between", noop("Different answers"), Shape.INTERVAL, 3),
        GAP,
    )
    cells = cells_of(data)[0]
    rows: list[Sequence[Value]] = []
    for question in data.people.groupings:
        names, groups = _groups(data, question)
        if not names:
            continue
        for _name, words, products in MEASURES[:2]:
            found = products(data)
            judged = _pairs(found, groups >= 0, cells, data.rows.person, groups)
            rows.append((question, ALL_ANSWERS, words, *_compared(judged)))
            for place, name in enumerate(names):
                one = _pairs(found, groups == place, cells, data.rows.person, groups)
                people, sets, within = _compared(one)[:3]
                rows.append((question, name, words, people, sets, within, *_NONE))
    remarks = (Remark(HIDDEN, {"people": LEAST_PEOPLE}),)
    return result(data, columns, rows, remarks=remarks)


_NONE = ((None, None, None), (None, None, None))


def _groups(data: Judgements, question: str) -> tuple[list[str], Ints]:
    """The answers that enough people gave, and each judgement's; -1: none of them."""
    answers = data.people.answers[question]
    known = np.unique(data.rows.person)
    names, people = np.unique(answers[known], return_counts=True)
    kept = [
        str(name)
        for name, count in zip(names, people, strict=True)
        if name and name != REFUSED and count >= LEAST_PEOPLE
    ]
    places = {name: place for place, name in enumerate(kept)}
    of_person = np.array([places.get(str(one), -1) for one in answers], dtype=np.int64)
    return kept, of_person[data.rows.person]


def _pairs(found: Products, kept: Bools, sets: Ints, people: Ints, groups: Ints) -> Pairwise:
    vectors, weights, used = found
    rows = used & kept
    return Pairwise(
        vectors[rows], weights[rows], _from_zero(sets[rows]), people[rows], groups[rows]
    )


def _from_zero(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _compared(judged: Pairwise) -> tuple[Value, ...]:
    """People, sets, within, between, and their difference over sets that have both."""
    sets = int(judged.sets.max(initial=-1)) + 1
    if not sets:
        return 0, 0, (None, None, None), *_NONE
    together = np.zeros(sets, dtype=np.int64)
    both = np.where(np.isnan(judged.by_set(Which.BETWEEN)), -1, 0)
    within = judged.mean(together if (both < 0).all() else both, Which.WITHIN)
    return (
        int(np.unique(judged.people).size),
        sets,
        interval(within, 0),
        *(
            _NONE
            if (both < 0).all()
            else (interval(judged.mean(both, Which.BETWEEN), 0), interval(judged.gap(both), 0))
        ),
    )


FIGURES = (
    Figure(
        key="between-locales",
        group=GROUP,
        title=noop("Within locales and between them"),
        definition=noop(
            "How alike two people judge the same candidates when they are of one locale, and "
            "when they are of two. Only sets that were judged in two locales count: the same "
            "set, or its reviewed translation."
        ),
        source="Simpson (1949); Emond and Mason (2002)",
        unit=Unit.PEOPLE,
        compute=within_and_between,
        by_groups=True,
    ),
    Figure(
        key="between-groups",
        group=GROUP,
        title=noop("Within groups and between them"),
        definition=noop(
            "How alike two people of a locale judge the same set when they gave the same answer "
            "to a question about themselves, and when they gave different ones."
        ),
        source="Simpson (1949)",
        unit=Unit.PEOPLE,
        compute=by_answers,
        by_groups=True,
    ),
)

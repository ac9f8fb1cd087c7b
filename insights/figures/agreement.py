"""Figures of how alike different people judge the same set."""

from collections.abc import Callable
from functools import partial

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.figures.figure import Beside, Column, Figure, Options, Remark, Result, Shape, Unit
from insights.figures.judgements import NOT_OFFERED, Judgements
from insights.figures.parts import (
    NAME,
    PART,
    PEOPLE,
    SETS,
    cells_of,
    over_prompts,
    parts_of,
    points,
    remarks_of,
    result,
    rows_by_part,
)
from insights.statistics import tau
from insights.statistics.arrays import Bools, Floats
from insights.statistics.pairwise import Pairwise

GROUP = "agreement"
ARMS = noop("Rows by arm: the interval is over people and prompts.")
# Vectors and weights of judgements, and which judgements have any.
Products = tuple[Floats, Floats, Bools]


def choices(data: Judgements) -> Products:
    """1 for two people who chose the same candidate of a set, 0 for two who did not."""
    vectors = np.eye(data.rows.ranks.shape[1])[data.rows.chosen]
    return vectors, np.ones((len(data), 1)), np.ones(len(data), dtype=np.bool_)


def spearman(data: Judgements) -> Products:
    """Spearman's coefficient: the correlation of midranks. A ranking of one place has none."""
    places = data.places()
    centred = np.nan_to_num(places - np.nanmean(places, axis=1, keepdims=True))
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    vectors = np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)
    return vectors, np.ones((len(data), 1)), data.ordered() & (length[:, 0] > 0)


def tau_x(data: Judgements) -> Products:
    vectors = tau.scores(data.rows.ranks)
    return vectors, np.abs(vectors), data.ordered() & vectors.any(axis=1)


def chance(data: Judgements) -> float:
    """With which probability two people choose alike who both choose by lot."""
    offered = (data.rows.ranks != NOT_OFFERED).sum(axis=1)
    return float((1 / offered).mean()) if offered.size else float("nan")


def by_part(
    products: Callable[[Judgements], Products], column: Column, title: str, *, percent: bool = False
) -> Callable[[Judgements, Options], Result]:
    """Computes the mean over the sets of each part of a study, of pairs in one locale."""

    def compute(data: Judgements, _options: Options) -> Result:
        vectors, weights, used = products(data)
        cells, sets, locales = cells_of(data)
        judged = Pairwise(
            vectors[used],
            weights[used],
            cells[used],
            data.rows.person[used],
            np.zeros(int(used.sum()), dtype=np.int64),
        )
        values = judged.by_set()
        prompts = np.full(sets.size, -1, dtype=np.int64)
        prompts[cells] = data.rows.prompt
        rows = rows_by_part(
            parts_of(data, sets, locales),
            judged.mean,
            ~np.isnan(values),
            partial(over_prompts, values, prompts[: values.size]),
        )
        lines = ((noop("by lot"), chance(data)),) if percent and len(data) else ()
        chart = points(title, rows, 4, lines=lines)
        remarks = (*remarks_of(data), Remark(ARMS))
        columns = (PART, NAME, PEOPLE, SETS, column)
        return result(data, columns, rows, chart=chart, remarks=remarks, used=used)

    return compute


FIGURES = (
    Figure(
        key="choose-alike",
        group=GROUP,
        title=noop("How often two people choose alike"),
        definition=noop(
            "The probability that two different people of a locale, who judge the same set, "
            "choose the same response. It does not depend on how many people judged a set. "
            "Sets weigh the same."
        ),
        source="Simpson (1949), Nature 163, 688",
        unit=Unit.PEOPLE,
        beside=Beside.LOCK,
        compute=by_part(
            choices,
            Column("alike", noop("Choose alike"), Shape.INTERVAL, 3, percent=True),
            noop("How often two people of a locale choose the same response"),
            percent=True,
        ),
    ),
    Figure(
        key="mean-spearman",
        group=GROUP,
        title=noop("Mean rank correlation of two people"),
        definition=noop(
            "Spearman's coefficient of the rankings of two different people of a locale who "
            "judge the same set, mean over all such pairs. Ties share their places, and what "
            "is left unranked stands behind all that is ranked. 0: no more alike than by lot."
        ),
        source="Kendall and Babington Smith (1939), Ann. Math. Stat. 10, 275-287",
        unit=Unit.PEOPLE,
        beside=Beside.LOCK,
        compute=by_part(
            spearman,
            Column("spearman", noop("Mean pairwise Spearman"), Shape.INTERVAL, 3),
            noop("Mean pairwise Spearman coefficient by locale"),
        ),
    ),
    Figure(
        key="tau-x",
        group=GROUP,
        title=noop("Tau-x of two people"),
        definition=noop(
            "How often two people of a locale put two responses of a set into the same order, "
            "less how often into opposite ones. A tie of both is agreement. Only responses count "
            "that both people ranked: left unranked and not offered say nothing of an order."
        ),
        source="Emond and Mason (2002), J. Multi-Crit. Decis. Anal. 11, 17-28",
        unit=Unit.PEOPLE,
        beside=Beside.LOCK,
        compute=by_part(
            tau_x,
            Column("tau_x", noop("Tau-x"), Shape.INTERVAL, 3),
            noop("Tau-x of two people by locale"),
        ),
    ),
)

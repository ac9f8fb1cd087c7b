"""Figures of how spread choices and rankings are: entropy at a common number, and alpha."""

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.figures.figure import Beside, Column, Figure, Options, Remark, Result, Shape, Unit
from insights.figures.judgements import Judgements
from insights.figures.parts import (
    NAME,
    PART,
    PEOPLE,
    SETS,
    cells_of,
    parts_of,
    points,
    remarks_of,
    result,
    rows_by_part,
)
from insights.statistics import entropy
from insights.statistics.arrays import Bools, Ints
from insights.statistics.intervals import Estimates
from insights.statistics.ranking_alpha import alpha

GROUP = "agreement"
COMMON = noop("Every set counts with %(people)s people, drawn by lot where it has more.")
NO_COMMON = noop("Nine of ten sets would need 5 people or more: nothing can be compared yet.")


def choice_entropy(data: Judgements, _options: Options) -> Result:
    columns = (PART, NAME, PEOPLE, SETS, Column("bits", noop("Bits"), Shape.INTERVAL, 2))
    cells, sets, locales = cells_of(data)
    number = entropy.common_number(cells)
    if not number:
        return result(data, columns, (), remarks=(Remark(NO_COMMON),))
    rows, width = data.rows, data.rows.ranks.shape[1]

    def mean(of_cell: Ints) -> Estimates:
        return entropy.rarefied(
            rows.chosen, cells, rows.person, of_cell, number=number, width=width, seed=1
        )

    compared = np.bincount(cells, minlength=sets.size) >= number
    found = rows_by_part(parts_of(data, sets, locales), mean, compared)
    remarks = (Remark(COMMON, {"people": number}), *remarks_of(data))
    chart = points(noop("Entropy of choices in bits, by locale"), found, 4, unit=noop("bits"))
    return result(data, columns, found, chart=chart, remarks=remarks, used=compared[cells])


def ranking_alpha(data: Judgements, _options: Options) -> Result:
    columns = (PART, NAME, PEOPLE, SETS, Column("alpha", noop("Alpha"), Shape.INTERVAL, 3))
    used: Bools = data.ordered()
    cells, sets, locales = cells_of(data)
    places, people = data.places()[used], data.rows.person[used]

    def mean(of_cell: Ints) -> Estimates:
        return alpha(places, cells[used], people, of_cell)

    compared = np.bincount(cells[used], minlength=sets.size) > 1
    found = rows_by_part(parts_of(data, sets, locales), mean, compared)
    chart = points(noop("Alpha of rankings by locale"), found, 4)
    remarks = remarks_of(data)
    return result(data, columns, found, chart=chart, remarks=remarks, used=used)


FIGURES = (
    Figure(
        key="choice-entropy",
        group=GROUP,
        title=noop("How spread choices are"),
        definition=noop(
            "Entropy of the choices of a set in bits, mean over sets, corrected for people who "
            "were not asked. 0: everybody chooses the same; 2: four responses equally often. "
            "What is left of the bias depends on the number of people, so that all sets are "
            "brought to one number."
        ),
        source="Chao and Shen (2003), Environ. Ecol. Stat. 10, 429-443",
        unit=Unit.PEOPLE,
        beside=Beside.LOCK,
        compute=choice_entropy,
    ),
    Figure(
        key="ranking-alpha",
        group=GROUP,
        title=noop("Agreement of rankings beyond lot"),
        definition=noop(
            "Krippendorff's alpha within sets: 1 less the distance of two people's rankings over "
            "that of two rankings drawn by lot, where the distance is the sum of squared "
            "differences of places. This is agreement. It does not say how reliable anybody is: "
            "people may differ for good reasons."
        ),
        source="Krippendorff (2011)",
        unit=Unit.PEOPLE,
        beside=Beside.LOCK,
        compute=ranking_alpha,
    ),
)

"""Figures about people and their work: sample, dispositions, exclusions, help by programs."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop as noop
from django.utils.translation import override

from annotation.cells.quotas import REFUSED
from annotation.models import Grant
from insights.charts import Chart, Kind, Series
from insights.figures.figure import (
    Beside,
    Column,
    Figure,
    Options,
    Remark,
    Result,
    Shape,
    Unit,
    Value,
)
from insights.figures.judgements import Judgements
from insights.figures.parts import EVERYBODY, PEOPLE

GROUP = "people"
HERE = noop("whatever turns are chosen: people and places of the phase")
LOCALE = Column("locale", noop("Locale"), Shape.WORDS)
CELLS = Column("cells", noop("Cells"), Shape.WORDS)
HELP = "ai_help"
NO_CELLS = noop("This study plans no cells.")
NOT_ASKED = noop("Nobody has been asked whether a program helped her to write.")
PROMISE = noop("People say so themselves, and nothing follows from it: a lower bound.")


def about(
    data: Judgements,
    people: int,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Value]],
    *,
    chart: Chart | None = None,
    remarks: Sequence[Remark] = (),
) -> Result:
    """A result that rests on people, whatever they judged."""
    sets = int(np.unique(data.rows.judged_set).size)
    return Result(people, len(data), sets, columns, rows, chart, remarks)


def sample(data: Judgements, _options: Options) -> Result:
    """Each cell: people wanted, with a place, finished, and sent away because it was full."""
    columns = (
        *(Column("cell", noop("Cell"), Shape.WORDS), Column("who", noop("Who"), Shape.WORDS)),
        Column("target", noop("Target"), Shape.COUNT),
        Column("placed", noop("With a place"), Shape.COUNT),
        Column("finished", noop("Finished"), Shape.COUNT),
        Column("turned_away", noop("Turned away"), Shape.COUNT),
        Column("filled", noop("Filled"), Shape.FIGURE, 2, percent=True),
    )
    rows: list[Sequence[Value]] = [
        (
            *(one.key, one.words, one.target, one.placed, one.finished, one.turned_away),
            one.placed / one.target if one.target else None,
        )
        for one in data.sample.cells
    ]
    chart = Chart(
        Kind.BARS,
        noop("People of each cell, and how many are wanted"),
        labels=[one.key for one in data.sample.cells],
        series=[
            Series(noop("With a place"), [one.placed for one in data.sample.cells]),
            Series(noop("Target"), [one.target for one in data.sample.cells]),
        ],
        unit=noop("people"),
        lowest=0,
    )
    people = sum(one.people for one in data.sample.left_out)
    remarks = () if rows else (Remark(NO_CELLS),)
    return about(data, people, columns, rows, chart=chart if rows else None, remarks=remarks)


def dispositions(data: Judgements, _options: Options) -> Result:
    """How the places that people were given ended, by locale, and how many of people left out."""
    columns = (
        *(LOCALE, Column("disposition", noop("Ended"), Shape.WORDS)),
        Column("grants", noop("Places given"), Shape.COUNT),
        Column("of_left_out", noop("Of people left out"), Shape.COUNT),
        Column("share", noop("Share of the locale"), Shape.FIGURE, 3, percent=True),
    )
    counts: Counter[tuple[str, str]] = Counter()
    left_out: Counter[tuple[str, str]] = Counter()
    for one in data.sample.ended:
        counts[one.locale, one.disposition] += one.grants
        left_out[one.locale, one.disposition] += one.grants if one.excluded else 0
    of_locale: Counter[str] = Counter()
    for (locale, _disposition), grants in counts.items():
        of_locale[locale] += grants
    with override("en"):  # to be translated when they are shown
        words = {item.value: str(item.label) for item in Grant.Disposition}
    rows: list[Sequence[Value]] = [
        (
            *(locale, words.get(disposition, noop("not ended yet"))),
            *(grants, left_out[locale, disposition], grants / of_locale[locale]),
        )
        for (locale, disposition), grants in sorted(counts.items())
    ]
    people = sum(one.people for one in data.sample.left_out)
    return about(data, people, columns, rows)


def exclusions(data: Judgements, _options: Options) -> Result:
    """People left out by the exclusion rules, by locale and by cell."""
    columns = (
        *(LOCALE, CELLS, PEOPLE),
        Column("left_out", noop("Left out"), Shape.COUNT),
        Column("rate", noop("Rate"), Shape.FIGURE, 3, percent=True),
    )
    rows: list[Sequence[Value]] = []
    for locale in data.locales:
        found = [one for one in data.sample.left_out if one.locale == locale]
        rows += [_rate(locale, EVERYBODY, [(one.people, one.excluded) for one in found])]
        rows += [
            _rate(locale, one.cells, [(one.people, one.excluded)]) for one in found if one.cells
        ]
    return about(data, sum(one.people for one in data.sample.left_out), columns, rows)


def _rate(locale: str, cells: str, found: Sequence[tuple[int, int]]) -> Sequence[Value]:
    people, excluded = (sum(one[place] for one in found) for place in (0, 1))
    return (locale, cells, people, excluded, excluded / people if people else None)


def help_by_programs(data: Judgements, _options: Options) -> Result:
    """What people answered when asked whether a program helped them to write, by locale."""
    columns = (
        *(LOCALE, Column("answer", noop("Answer"), Shape.WORDS), PEOPLE),
        Column("share", noop("Share of those asked"), Shape.FIGURE, 3, percent=True),
    )
    answers = data.people.answers.get(HELP)
    if answers is None:
        return about(data, data.people.key.size, columns, (), remarks=(Remark(NOT_ASKED),))
    rows: list[Sequence[Value]] = []
    for place, locale in enumerate(data.locales):
        given = answers[(data.people.locale == place) & (answers != "")]
        names, counts = np.unique(given, return_counts=True)
        rows += [
            (locale, _answer(str(name)), int(count), count / given.size)
            for name, count in zip(names, counts, strict=True)
        ]
    asked = int((answers != "").sum())
    return about(data, asked, columns, rows, remarks=(Remark(PROMISE),))


def _answer(code: str) -> str:
    return noop("prefer not to say") if code == REFUSED else code


FIGURES = (
    Figure(
        key="sample",
        group=GROUP,
        title=noop("The sample against its targets"),
        definition=noop(
            "People of each cell who were given a place, against how many the plan wants. The "
            "sample is matched to quotas and opts in: it is not representative."
        ),
        unit=Unit.NONE,
        compute=sample,
        beside=Beside.PLACES,
        minimum=0,
        turns=HERE,
    ),
    Figure(
        key="dispositions",
        group=GROUP,
        title=noop("How places ended"),
        definition=noop(
            "Every place that was given to somebody, by how it ended. Re-tests are left out."
        ),
        unit=Unit.NONE,
        compute=dispositions,
        beside=Beside.PLACES,
        minimum=0,
        turns=HERE,
    ),
    Figure(
        key="exclusions",
        group=GROUP,
        title=noop("People left out"),
        definition=noop(
            "People whom a reviewer left out by the frozen plan's exclusion rules, of all with a "
            "place. A rate that differs between cells shifts the sample."
        ),
        unit=Unit.NONE,
        compute=exclusions,
        beside=Beside.PLACES,
        minimum=0,
        turns=HERE,
    ),
    Figure(
        key="help-by-programs",
        group=GROUP,
        title=noop("Help by programs that write"),
        definition=noop(
            "What people answered at the end when asked whether they had used a program that "
            "writes text, of those who were asked."
        ),
        unit=Unit.NONE,
        compute=help_by_programs,
        of_answers=True,
        turns=HERE,
    ),
)

"""Figures about how people worked: time, explanations, and what they say when asked again."""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop as noop

from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.judgements import NOT_OFFERED, Judgements
from insights.figures.parts import EVERYBODY, HIDDEN, LEAST_PEOPLE, PEOPLE, interval, points, result
from insights.figures.parts import LOCALE as A_LOCALE
from insights.statistics import retest, tau
from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, ratio, totals
from insights.statistics.preference import midranks

GROUP = "people"
WHO = Column("who", noop("Who"), Shape.WORDS)
LOCALE = Column("locale", noop("Locale"), Shape.WORDS)
JUDGEMENTS = Column("judgements", noop("Judgements"), Shape.COUNT)
NO_RETESTS = noop("Nobody has judged a set again: the study plans no re-tests, or none has come.")
NO_CEILING = noop(
    "This is no ceiling for a model: where everybody chooses one of two with probability 0.8, "
    "re-tests agree in 68 of 100, and the best prediction is right in 80."
)


def durations(data: Judgements, _options: Options) -> Result:
    """Seconds from the first look at the responses to the submission, by locale."""
    columns = (
        *(WHO, LOCALE, PEOPLE, JUDGEMENTS),
        *(
            Column(name, words, Shape.FIGURE, 1)
            for name, words in (
                ("lower_quartile", noop("A quarter below")),
                ("median", noop("Median seconds")),
                ("upper_quartile", noop("A quarter above")),
            )
        ),
    )
    measured = ~np.isnan(data.rows.seconds)
    rows: list[Sequence[Value]] = []
    for words, name, kept in _locales(data):
        seconds = data.rows.seconds[kept & measured]
        people = _people(data, kept & measured)
        enough = people >= LEAST_PEOPLE
        quartiles = np.quantile(seconds, (0.25, 0.5, 0.75)) if enough else [None] * 3
        rows.append((words, name, people, int(seconds.size), *quartiles))
    remarks = (Remark(HIDDEN, {"people": LEAST_PEOPLE}),)
    return result(data, columns, rows, remarks=remarks, used=measured)


def explanations(data: Judgements, _options: Options) -> Result:
    """Of judgements whose explanation page was sent: how many have words, and how many words."""
    columns = (
        *(WHO, LOCALE, PEOPLE, Column("asked", noop("Asked"), Shape.COUNT)),
        Column("rate", noop("Explained"), Shape.INTERVAL, 3, percent=True),
        Column("median_words", noop("Median words"), Shape.FIGURE, 1),
    )
    words, asked = data.rows.explanation_words, data.rows.explanation_words >= 0
    rows: list[Sequence[Value]] = []
    for who, name, kept in _locales(data):
        chosen = kept & asked
        rate = _share(words[chosen] > 0, data.rows.person[chosen])
        written = words[chosen & (words > 0)]
        people = _people(data, chosen)
        enough = people >= LEAST_PEOPLE and written.size
        median = float(np.median(written)) if enough else None
        rows.append((who, name, people, int(chosen.sum()), interval(rate, 0), median))
    chart = points(noop("How often a judgement is explained"), rows, 4)
    remarks = (Remark(HIDDEN, {"people": LEAST_PEOPLE}),)
    return result(data, columns, rows, chart=chart, remarks=remarks, used=asked)


def retests(data: Judgements, _options: Options) -> Result:
    """The same person and the same set twice: same choice, and how alike the two rankings."""
    columns = (
        *(WHO, LOCALE, PEOPLE, Column("pairs", noop("Sets judged twice"), Shape.COUNT)),
        Column("same_choice", noop("Same choice"), Shape.INTERVAL, 3, percent=True),
        Column("spearman", noop("Mean Spearman"), Shape.INTERVAL, 3),
        Column("tau_x", noop("Mean tau-x"), Shape.INTERVAL, 3),
    )
    again = data.retests
    first, later = retest.pairs(
        data.rows.person, data.rows.judged_set, again.person, again.judged_set
    )
    if not first.size:
        return result(data, columns, (), remarks=(Remark(NO_RETESTS), Remark(NO_CEILING)))
    person = data.rows.person[first]
    one, other = data.rows.ranks[first], again.ranks[later]
    same = (data.rows.chosen[first] == again.chosen[later]).astype(np.float64)
    places = [midranks(ranks, ranks != NOT_OFFERED) for ranks in (one, other)]
    alike = (same, retest.row_correlations(*places), tau.tau_x(one, other))
    rows: list[Sequence[Value]] = []
    for who, name, kept in _locales(data):
        chosen = kept[first]
        figures = [interval(_share(values[chosen], person[chosen]), 0) for values in alike]
        rows.append((who, name, int(np.unique(person[chosen]).size), int(chosen.sum()), *figures))
    remarks = (Remark(NO_CEILING), Remark(HIDDEN, {"people": LEAST_PEOPLE}))
    used = np.isin(np.arange(len(data)), first)
    return result(data, columns, rows, remarks=remarks, used=used)


def _locales(data: Judgements) -> list[tuple[str, str, Bools]]:
    """Everybody, then each locale: words, name, and whose judgements (n,)."""
    everybody = np.ones(len(data), dtype=np.bool_)
    return [
        (EVERYBODY, "", everybody),
        *((A_LOCALE, name, data.rows.locale == place) for place, name in enumerate(data.locales)),
    ]


def _people(data: Judgements, kept: Bools) -> int:
    return int(np.unique(data.rows.person[kept]).size)


def _share(values: Floats | Bools, people: Ints) -> Estimates:
    """The mean of what is known, (1,), with the jackknife error over people."""
    known = ~np.isnan(np.asarray(values, dtype=np.float64))
    cells = np.where(known, 0, -1)
    size = {"number": int(people.max(initial=-1)) + 1, "count": 1}
    upper = totals(people, cells, np.nan_to_num(values).astype(np.float64), **size)
    return ratio(upper, totals(people, cells, np.ones(cells.size), **size))


FIGURES = (
    Figure(
        key="durations",
        group=GROUP,
        title=noop("How long a judgement takes"),
        definition=noop(
            "Seconds from the first look at the responses until the judgement was sent, pauses "
            "included: hence the median and the quartiles, and no mean."
        ),
        unit=Unit.NONE,
        compute=durations,
        version=2,
    ),
    Figure(
        key="explanations",
        group=GROUP,
        title=noop("How often people explain, and at what length"),
        definition=noop(
            "Of judgements after which the page with the question was sent: on how many it has "
            "words, and the median number of words of those. Words are parted by spaces."
        ),
        unit=Unit.PEOPLE,
        compute=explanations,
        version=2,
    ),
    Figure(
        key="test-retest",
        group=GROUP,
        title=noop("The same person asked again"),
        definition=noop(
            "How alike one person judges the same set twice: planned re-tests, unannounced and "
            "in a new order."
        ),
        unit=Unit.PEOPLE,
        compute=retests,
        turns=noop("turn 1 of pool conversations"),
    ),
)

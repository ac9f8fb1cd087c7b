"""Figures of what diversity brings and costs: disagreement, and answers about whole sets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from django.utils.translation import gettext_noop as noop

from candidates.models import Sampler
from insights.charts import Chart, Kind, Series
from insights.figures.figure import Column, Figure, Options, Remark, Result, Shape, Unit, Value
from insights.figures.judgements import CANT_SAY, NO, NOT_ASKED, Judgements, Rows, Sets
from insights.figures.parts import LEAST_PEOPLE, cells_of, interval, points, result
from insights.statistics import agreement
from insights.statistics.arrays import Floats, Ints
from insights.statistics.diversity_price import Slope, prices, rates, slope

GROUP = "diversity"
LEAST_PROMPTS = 10
NOT_SHOWN = (None, None, None)
# Independent draws are what a set is without any effort for diversity.
CONTROLS = (Sampler.Strategy.TEMPERATURE, Sampler.Strategy.MULTI_MODEL)
MEASURES: tuple[tuple[str, Callable[[Sets], Floats]], ...] = (
    (noop("letters"), lambda sets: sets.lexical),
    (noop("meaning"), lambda sets: sets.semantic),
)
ALL_ARMS, ALL_LANGUAGES = noop("all arms"), noop("all languages")
ARM = Column("arm", noop("Arm"), Shape.WORDS)
LANGUAGE = Column("language", noop("Language"), Shape.WORDS)
FEW_PROMPTS = noop("A dash: fewer than %(prompts)s prompts, or no measure of similarity.")
NO_CONTROL = noop(
    "No arm of this study draws its responses independently: there is nothing to compare with."
)
CONTROL = noop("The arms are compared with %(arm)s, whose responses are independent draws.")


def disagreement(data: Judgements, _options: Options) -> Result:
    """How often two people choose alike in sets that are more or less alike, by arm."""
    columns = (
        ARM,
        Column("measure", noop("Similarity of"), Shape.WORDS),
        Column("sets", noop("Sets"), Shape.COUNT),
        Column("prompts", noop("Prompts"), Shape.COUNT),
        Column("similarity", noop("Mean similarity"), Shape.FIGURE, 3),
        Column("alike", noop("Choose alike"), Shape.FIGURE, 3, percent=True),
        Column("slope", noop("More alike per 0.1 of similarity"), Shape.INTERVAL, 3),
    )
    cells, sets, locales = cells_of(data)
    alike = agreement.choices(data.rows.chosen, cells, data.rows.person).by_set()
    clusters = np.zeros(sets.size, dtype=np.int64)
    clusters[cells] = clusters_of(data)
    arms, of_cell = np.unique(data.sets.arm[sets], return_inverse=True)
    strata = of_cell * len(data.locales) + locales
    rows: list[Sequence[Value]] = []
    for arm, name in [(-1, ALL_ARMS), *enumerate(arms.tolist())]:
        for words, measure in MEASURES:
            similar = measure(data.sets)[sets]
            kept = ((of_cell == arm) | (arm < 0)) & np.isfinite(similar) & np.isfinite(alike)
            if kept.any():
                # Per 0.1: from the least to the most alike sets of a study is hardly more.
                found = slope(similar[kept] * 10, alike[kept], strata[kept], clusters[kept])
                means = float(similar[kept].mean()), float(alike[kept].mean())
                rows.append((name, words, found.sets, found.clusters, *means, _bounds(found)))
    chart = points(noop("How much more alike people choose, per 0.1 of similarity"), rows, 6)
    remarks = (Remark(FEW_PROMPTS, {"prompts": LEAST_PROMPTS}),)
    return result(data, columns, rows, chart=chart, remarks=remarks)


def _bounds(found: Slope) -> tuple[float | None, float | None, float | None]:
    if found.clusters < LEAST_PROMPTS or not np.isfinite(found.value):
        return (None, None, None)
    return (found.value, found.low, found.high)


@dataclass(frozen=True)
class Cells:
    """Each judgement twice: in its arm and language, and in its arm and all languages.

    whose: the judgement's row (2 n,); cell: (2 n,) arm * languages + language; controls:
    (cells,) the control arm's cell of the same language, -1 where there is none.
    """

    arms: list[str]
    languages: list[str]
    whose: Ints
    cell: Ints
    controls: Ints

    @classmethod
    def of(cls, data: Judgements, control: str | None) -> "Cells":
        sets, judged = data.sets, data.rows.judged_set
        arms, arm = np.unique(sets.arm[judged], return_inverse=True)
        languages, language = np.unique(sets.language[judged], return_inverse=True)
        wide = languages.size + 1
        both = np.concatenate([arm * wide + language, arm * wide + languages.size])
        known = arms.tolist().index(control) if control in arms.tolist() else None
        every = np.arange(arms.size * wide)
        controls = np.full(every.size, -1)
        if known is not None:
            controls = np.where(every // wide == known, -1, known * wide + every % wide)
        whose = np.tile(np.arange(len(data)), 2)
        return cls(arms.tolist(), [*languages.tolist(), ALL_LANGUAGES], whose, both, controls)

    def names(self, cell: int) -> tuple[str, str]:
        wide = len(self.languages)
        return self.arms[cell // wide], self.languages[cell % wide]


def control_of(data: Judgements) -> str | None:
    """The study's first arm of independent draws, as `key v1`."""
    draws = [arm for arm in data.study.arms() if arm.strategy in CONTROLS]
    return str(draws[0]) if draws else None


def answers(
    question: Callable[[Rows], Ints], title: str, *, name: str
) -> Callable[[Judgements, Options], Result]:
    """The share of yes by arm and language, and its price beside independent draws."""
    columns = (
        ARM,
        LANGUAGE,
        Column("people", noop("People"), Shape.COUNT),
        Column("asked", noop("Answers"), Shape.COUNT),
        Column("cant_say", noop("Can't say"), Shape.FIGURE, 3, percent=True),
        Column(name, noop("Yes, of yes and no"), Shape.INTERVAL, 3, percent=True),
        Column("price", noop("More than the control"), Shape.INTERVAL, 3, percent=True),
    )

    def compute(data: Judgements, _options: Options) -> Result:
        control = control_of(data)
        said = question(data.rows)
        rows = _answered(data, said, Cells.of(data, control))
        remark = Remark(CONTROL, {"arm": control}) if control else Remark(NO_CONTROL)
        return result(
            data,
            columns,
            rows,
            chart=_by_language(title, rows),
            remarks=(remark,),
            used=said != NOT_ASKED,
        )

    return compute


def _answered(data: Judgements, said: Ints, cells: Cells) -> list[Sequence[Value]]:
    count, own = cells.controls.size, cells.whose
    known = np.where(said >= NO, said, np.nan).astype(np.float64)[own]
    people = data.rows.person[own]
    found = rates(known, cells.cell, people, count=count)
    price = prices(known, cells.cell, cells.controls, people, clusters_of(data)[own], count=count)
    asked = np.bincount(cells.cell, (said != NOT_ASKED)[own], minlength=count)
    unsure = np.bincount(cells.cell, (said == CANT_SAY)[own], minlength=count)
    # Beside a rate that is shown a difference says what the other one is.
    both = np.minimum(found.people, np.where(cells.controls >= 0, found.people[cells.controls], 0))
    return [
        (
            *cells.names(cell),
            int(found.people[cell]),
            int(asked[cell]),
            float(unsure[cell] / asked[cell]) if found.people[cell] >= LEAST_PEOPLE else None,
            interval(found, cell),
            interval(price, cell, LEAST_PROMPTS) if both[cell] >= LEAST_PEOPLE else NOT_SHOWN,
        )
        for cell in range(count)
        if asked[cell]
    ]


def clusters_of(data: Judgements) -> Ints:
    """The prompt of each judgement (n,); an own conversation's set stands by itself."""
    own = len(data.prompts) + data.rows.judged_set
    return np.where(data.rows.prompt >= 0, data.rows.prompt, own)


def _by_language(title: str, rows: Sequence[Sequence[Value]]) -> Chart | None:
    """Points with intervals, a series for each arm."""
    labels = list(dict.fromkeys(str(row[1]) for row in rows))
    series = []
    for arm in dict.fromkeys(str(row[0]) for row in rows):
        cells = {str(row[1]): row[5] for row in rows if row[0] == arm}
        triples = [cells.get(label, (None, None, None)) for label in labels]
        values, low, high = (list(one) for one in zip(*triples, strict=True))
        series.append(Series(arm, values, low, high))
    if not any(value is not None for one in series for value in one.values):
        return None
    return Chart(Kind.POINTS, title, labels, series, lowest=0.0, highest=1.0)


FIGURES = (
    Figure(
        key="similarity-and-disagreement",
        group=GROUP,
        title=noop("Similar responses and alike choices"),
        definition=noop(
            "How much more often two different people of a locale choose alike in a set whose "
            "responses are more similar: a slope over sets, within each locale and arm, since "
            "what counts as similar differs between languages. Similarity of letters and of "
            "meaning as measured when the set was made."
        ),
        source="Cameron, Gelbach and Miller (2008), REStat 90, 414-427",
        unit=Unit.PROMPTS,
        compute=disagreement,
    ),
    Figure(
        key="acceptable",
        group=GROUP,
        title=noop("Is any response acceptable?"),
        definition=noop(
            "The share of yes among yes and no, by arm and language; and how much more that is "
            "than in the arm of independent draws, in the same language. Intervals of shares "
            "are over people, those of differences over people and prompts."
        ),
        source="Cameron, Gelbach and Miller (2011), JBES 29, 238-249",
        unit=Unit.PEOPLE_AND_PROMPTS,
        by_groups=True,
        version=3,
        compute=answers(
            lambda rows: rows.acceptable,
            noop("Share of sets with an acceptable response, by language"),
            name="acceptable",
        ),
    ),
    Figure(
        key="represents-you",
        group=GROUP,
        title=noop("Does any response represent you?"),
        definition=noop(
            "The share of yes among yes and no to whether any response of the set represents "
            "the person, by arm and language, with differences as for acceptable responses."
        ),
        source="Cameron, Gelbach and Miller (2011), JBES 29, 238-249",
        unit=Unit.PEOPLE_AND_PROMPTS,
        by_groups=True,
        version=3,
        compute=answers(
            lambda rows: rows.represents,
            noop("Share of sets with a response that represents the person, by language"),
            name="represents",
        ),
    ),
)

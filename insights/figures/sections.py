"""One figure as a page shows it: what is stored of it, how old that is, or why it is not there."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.models import Change, Study
from insights.charts import Chart
from insights.figures.actions import request_figures
from insights.figures.basis import rests
from insights.figures.figure import Beside, Figure, Options, Result
from insights.figures.locks import is_locked
from insights.figures.showing import chart_of, table_of
from insights.figures.snapshots import Version, changes_since
from insights.models import ComputedFigure
from insights.tables import Table


@dataclass(frozen=True)
class Section:
    """`behind`: judgements since; `waiting`: a newer result, or the first, is on its way."""

    figure: Figure
    locked: bool
    row: ComputedFigure | None = None
    result: Result | None = None
    table: Table | None = None
    chart: Chart | None = None
    behind: int = 0
    waiting: bool = False
    retaken: bool = False  # somebody withdrew since: the old result is not shown
    resting: bool = False  # data about people that it rests on were erased: it is not computed anew

    @property
    def turns(self) -> str:
        return self.figure.turns


def sections(
    study: Study, phase: str, options: Options, figures: Sequence[Figure]
) -> list[Section]:
    """Every figure, asked for anew where it is behind. Opens at once: nothing is computed."""
    rows = request_all(study=study, phase=phase, options=options, figures=figures)
    by_key = {row.figure: row for row in rows}
    since = {
        str(row.version): _since(study, phase, row.version)
        for row in {str(one.version): one for one in rows}.values()
        if row.version
    }
    locked = is_locked(study, phase)
    return [
        _section(study, figure, row, locked, since.get(str(row.version), (0, 0)))
        if (row := by_key.get(figure.key))
        else Section(figure, locked=True)
        for figure in figures
    ]


def request_all(
    *, study: Study, phase: str, options: Options, figures: Sequence[Figure], enqueue: bool = True
) -> list[ComputedFigure]:
    """The rows of figures that may follow different choices."""
    by_choice: dict[Options, list[Figure]] = {}
    for figure in figures:
        by_choice.setdefault(figure.chosen(options), []).append(figure)
    return [
        row
        for chosen, some in by_choice.items()
        for row in request_figures(
            study=study, phase=phase, options=chosen, figures=some, enqueue=enqueue
        )
    ]


def stored(study: Study, phase: str, options: Options, figure: Figure) -> Section:
    """As above of one figure, and nobody is asked for anything."""
    locked = is_locked(study, phase)
    if figure.by_groups and locked:
        return Section(figure, locked=True)
    row = ComputedFigure.objects.filter(
        study=study, phase=phase, figure=figure.key, options_hash=figure.chosen(options).hash
    ).first()
    if row is None:
        resting = rests(figure, study)
        return Section(figure, locked=False, waiting=not resting, resting=resting)
    since = _since(study, phase, row.version) if row.version else (0, 0)
    return _section(study, figure, row, locked, since)


def _section(
    study: Study, figure: Figure, row: ComputedFigure, locked: bool, since: tuple[int, int]
) -> Section:
    found, (behind, withdrawn) = row.found, since
    resting = rests(figure, study)
    asked = row.asked_at is not None or row.state == ComputedFigure.State.WAITING
    waiting = asked and not resting
    # Computed while nothing was locked, or by a version that locked less.
    told_too_much = locked and figure.beside == Beside.LOCK and not row.basis
    if found is None or withdrawn or told_too_much:
        retaken = bool(withdrawn) and not resting
        return Section(figure, False, row, waiting=waiting, retaken=retaken, resting=resting)
    return Section(
        figure=figure,
        locked=False,
        row=row,
        result=found,
        table=table_of(figure, found),
        chart=chart_of(found),
        behind=behind,
        waiting=waiting,
        resting=resting,
    )


def _since(study: Study, phase: str, version: Version) -> tuple[int, int]:
    """How many judgements were stored since, and how many people withdrew."""
    later = changes_since(study, phase, version)
    return (
        later.filter(kind=Change.Kind.JUDGED).count(),
        later.filter(kind=Change.Kind.WITHDRAWN).count(),
    )

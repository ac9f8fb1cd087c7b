"""How full the cells of people are, and what the people planned can still judge."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Phase, Study
from insights.plan.cells import CellFill, cell_fill
from insights.plan.locales import LocalePlan, locale_plans
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View


def view(study: Study, phase: Phase) -> View:
    cells, plans = cell_fill(study, phase), locale_plans(study, phase)
    return View(
        tables=[_cells(cells), _capacity(plans)],
        alarms=[
            _("%(locale)s cannot fill: the people planned would judge %(lacking)s sets too few.")
            % {"locale": plan.locale, "lacking": number(plan.room.lacking)}
            for plan in plans
            if plan.room.lacking
        ],
    )


def _cells(cells: list[CellFill]) -> Table:
    return Table(
        title=_("People of each cell"),
        columns=[
            *(_("cell"), _("who"), _("placed"), _("wanted"), _("filled, %"), _("finished")),
            *(_("missing"), _("sets they can judge"), _("turned away")),
        ],
        rows=[
            Row(
                [
                    *(cell.key, cell.words, number(cell.placed), number(cell.target)),
                    number(100 * cell.placed / cell.target if cell.target else None),
                    *(number(cell.finished), number(cell.missing), number(cell.remaining)),
                    number(cell.turned_away),
                ]
            )
            for cell in sorted(cells, key=_emptiest)
        ],
        empty=_("The study has no cells: anybody may judge any set."),
        words=(0, 1),
    )


def _emptiest(cell: CellFill) -> tuple[float, str]:
    return (cell.placed / cell.target if cell.target else 1.0, cell.key)


def _capacity(plans: list[LocalePlan]) -> Table:
    rows = []
    for plan in plans:
        room = plan.room
        rows.append(
            Row(
                [
                    *(str(plan.locale), number(room.places), number(room.done), number(room.open)),
                    number(float(room.per_person), 1),
                    *(number(room.needed_people), number(room.planned_people)),
                    *(number(room.still_to_come), number(room.spare)),
                ],
                alarm=bool(room.lacking),
            )
        )
    return Table(
        title=_("What is left to judge, and who can judge it"),
        columns=[
            *(_("locale"), _("places"), _("judged"), _("still wanted"), _("sets a person")),
            *(_("people needed"), _("people planned"), _("still to come"), _("sets to spare")),
        ],
        rows=rows,
    )


PANEL = Panel(
    "cells",
    gettext_lazy("Cells"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("placed"),
            gettext_lazy("People of the cell who hold a place and were not left out."),
        ),
        (
            gettext_lazy("sets they can judge"),
            gettext_lazy("What those who are missing can judge, if each takes all she may."),
        ),
        (
            gettext_lazy("sets to spare"),
            gettext_lazy(
                "What the people planned could judge beyond the places; below 0 the locale "
                "cannot fill."
            ),
        ),
    ),
    more=(("study-plan", gettext_lazy("Plan")),),
)

"""How many different people judged each prompt in each locale: the emptiest first."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Phase, Slot, Study, StudyLocale
from candidates.models import Sampler
from insights.charts import HeatCell, HeatMap, HeatRow, heat
from insights.overlap.table import Cell
from insights.tables import number
from insights.watch.view import MINUTE, Panel, View

SHOWN = 100  # prompts and arms; the page "Overlap" has all


@dataclass(frozen=True)
class SetRow:
    """One prompt in one arm. Unit of the cells: places, each filled by another person."""

    prompt: str
    arm: str
    cells: list[Cell | None]

    @property
    def share(self) -> float:
        there = [cell for cell in self.cells if cell]
        return sum(cell.done for cell in there) / sum(cell.target for cell in there)


@dataclass(frozen=True)
class Overlap:
    locales: list[StudyLocale]
    rows: list[SetRow]
    full: int  # cells that have all their judgements
    cells: int


def overlap(study: Study, phase: str) -> Overlap:
    """All prompts and arms, the emptiest first. Places taken away count nowhere."""
    locales = list(study.locales.order_by("country", "language"))
    now = timezone.now()
    counts = (
        Slot.objects.filter(locale__study=study, phase=phase)
        .exclude(status=Slot.Status.VOID)
        .order_by()
        .values_list("prompt__key", "candidate_set__sampler", "locale")
        .annotate(
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
            held=Count("pk", filter=Q(status=Slot.Status.OPEN, leased_until__gt=now)),
            target=Count("pk"),
        )
    )
    found: dict[tuple[str, int], dict[int, Cell]] = defaultdict(dict)
    for prompt, arm, locale, *numbers in counts:
        found[prompt, arm][locale] = Cell(*numbers)
    arms = {arm.pk: str(arm) for arm in Sampler.objects.filter(pk__in={a for _p, a in found})}
    rows = [
        SetRow(prompt, arms[arm], [cells.get(locale.pk) for locale in locales])
        for (prompt, arm), cells in found.items()
    ]
    all_cells = [cell for row in rows for cell in row.cells if cell]
    return Overlap(
        locales=locales,
        rows=sorted(rows, key=lambda row: (row.share, row.prompt, row.arm)),
        full=sum(cell.done >= cell.target for cell in all_cells),
        cells=len(all_cells),
    )


def view(study: Study, phase: Phase) -> View:
    found = overlap(study, phase)
    if not found.rows:
        return View(lines=[_("No places are planned in this phase.")])
    values = {"full": number(found.full), "cells": number(found.cells)}
    lines = [_("%(full)s of %(cells)s prompts and locales have all their judgements.") % values]
    if len(found.rows) > SHOWN:
        most = {"shown": number(SHOWN), "all": number(len(found.rows))}
        lines.append(_("The %(shown)s emptiest of %(all)s are shown.") % most)
    several = len({row.arm for row in found.rows}) > 1
    shown = HeatMap(
        title=_("Judgements of those wanted, by prompt and locale; the emptiest first"),
        corner=_("prompt and arm") if several else _("prompt"),
        columns=[str(locale) for locale in found.locales],
        rows=[
            HeatRow(
                f"{row.prompt} · {row.arm}" if several else row.prompt,
                [_cell(cell) for cell in row.cells],
            )
            for row in found.rows[:SHOWN]
        ],
    )
    return View(lines=lines, heat=shown)


def _cell(cell: Cell | None) -> HeatCell:
    if cell is None:
        return HeatCell("–")
    held = f" (+{number(cell.held)})" if cell.held else ""
    words = f"{number(cell.done)}/{number(cell.target)}{held}"
    return HeatCell(words, heat(cell.done, cell.target))


PANEL = Panel(
    "overlap",
    gettext_lazy("Overlap"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("judgements of those wanted"),
            gettext_lazy(
                "Different people who judged the prompt's set in this locale, of the target. "
                "After a plus: people who are at it now."
            ),
        ),
    ),
    more=(("study-overlap", gettext_lazy("Overlap")),),
)

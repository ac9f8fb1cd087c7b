"""The panels of the page, in their order, and how often each is read."""

import hashlib
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.translation import get_language

from annotation.models import Phase, Study
from insights.watch import (
    cells,
    dropoff,
    machine,
    money,
    order,
    overlap,
    pay,
    progress,
    review,
    throughput,
    waits,
)
from insights.watch.view import SECONDS, Panel, View

PANELS: tuple[Panel, ...] = (
    progress.PANEL,
    machine.PANEL,
    throughput.PANEL,
    review.PANEL,
    dropoff.PANEL,
    waits.PANEL,
    overlap.PANEL,
    cells.PANEL,
    money.PANEL,
    pay.PANEL,
    order.PANEL,
)
BY_NAME = {panel.name: panel for panel in PANELS}


@dataclass(frozen=True)
class Shown:
    """A panel with its figures; `version` changes with anything that stands in it."""

    panel: Panel
    view: View

    @property
    def every(self) -> int:
        """Seconds until the page asks again."""
        return SECONDS if self.view.waiting else self.panel.every

    @property
    def version(self) -> str:
        return hashlib.sha256(repr(self.view).encode()).hexdigest()[:16]


def show(panel: Panel, study: Study, phase: Phase) -> Shown:
    """Slow panels are read once for everybody who watches: twice in their time at most."""
    if panel.every <= SECONDS:
        return Shown(panel, panel.read(study, phase))
    key = f"watch:{panel.name}:{study.pk}:{phase.value}:{get_language()}"
    found: View | None = cache.get(key)
    if found is None:
        found = panel.read(study, phase)
        if not found.waiting:
            cache.set(key, found, timeout=panel.every / 2)
    return Shown(panel, found)

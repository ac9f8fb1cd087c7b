"""Asking for figures: the one thing that the researchers' pages write."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from annotation.models import Study
from insights import tasks
from insights.figures.basis import basis_now, rests
from insights.figures.figure import Figure, Options
from insights.figures.locks import is_locked
from insights.figures.snapshots import changes_since
from insights.models import ComputedFigure


@transaction.atomic
def request_figures(
    *, study: Study, phase: str, options: Options, figures: Sequence[Figure], enqueue: bool = True
) -> list[ComputedFigure]:
    """The rows of these figures, and a task for those that are missing or behind.

    Locked figures have none. A second call asks no worker again within some seconds, nor
    while one is at it, nor for a result that nothing has happened since. Nobody is asked for
    what rests on data about people once the day is over until which these were kept.
    """
    locked = is_locked(study, phase)
    allowed = [figure for figure in figures if not (locked and figure.by_groups)]
    rows = _rows(study, phase, options, allowed)
    behind, basis = changed_versions(study, phase, rows), basis_now(study, phase)
    now, due = timezone.now(), []
    for figure, row in zip(allowed, rows, strict=True):
        if rests(figure, study):
            continue
        changed = str(row.version) in behind or row.basis != basis(figure)
        if row.may_be_asked(figure, now, changed=changed):
            row.asked_at = now
            due.append(row.pk)
    if due:
        ComputedFigure.objects.filter(pk__in=due).update(asked_at=now)
        if enqueue:
            arguments = (study.pk, str(phase), asdict(options))
            transaction.on_commit(lambda: tasks.enqueue(*arguments))
    return rows


def _rows(
    study: Study, phase: str, options: Options, figures: Sequence[Figure]
) -> list[ComputedFigure]:
    keys = [figure.key for figure in figures]
    known = ComputedFigure.objects.filter(
        study=study, phase=phase, options_hash=options.hash, figure__in=keys
    )
    lacking = set(keys) - set(known.values_list("figure", flat=True))
    ComputedFigure.objects.bulk_create(
        [
            ComputedFigure(
                study=study,
                phase=phase,
                figure=key,
                options_hash=options.hash,
                options=asdict(options),
            )
            for key in lacking
        ],
        ignore_conflicts=True,
    )
    found = {row.figure: row for row in known.all()}
    return [found[key] for key in keys]


def changed_versions(study: Study, phase: str, rows: Collection[ComputedFigure]) -> set[str]:
    """The versions of these rows since which something was stored."""
    versions = {str(row.version): row.version for row in rows if row.version}
    return {
        name for name, version in versions.items() if changes_since(study, phase, version).exists()
    }

"""Computes the figures that somebody asked for, and keeps them."""

import logging
import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from annotation.models import Study
from insights.figures.basis import basis_of, rests
from insights.figures.catalogue import BY_KEY
from insights.figures.figure import Figure, Options, Remark, Result
from insights.figures.judgements import Judgements
from insights.figures.locks import is_locked
from insights.figures.reading import read_judgements
from insights.figures.snapshots import Version, snapshot
from insights.models import ComputedFigure

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=30)
BROKEN = noop("This figure could not be computed. The log of the workers says why.")
TOO_FEW = noop("Fewer than %(people)s people: not shown.")


class NotComputableError(ValueError):
    """A figure cannot be computed from these judgements; the words say why, in a sentence."""


def compute_figures(study_id: int, phase: str, options: Options) -> int:
    """Computes what is asked for under these options; how many. A second call finds nothing.

    The judgements are read once for all of them. Each row is leased: two workers never compute
    the same figure at once, and what a killed one held is free again after the lease.
    """
    study = Study.objects.get(pk=study_id)
    rows = _claim(study, phase, options)
    if not rows:
        return 0
    try:
        with snapshot() as version:
            data = read_judgements(study, phase, options)
    except Exception:
        logger.exception("judgements of %s could not be read", study)
        for row in rows:
            _store(row, state=ComputedFigure.State.FAILED, sentence=BROKEN)
        return 0
    for row in rows:
        _compute(row, BY_KEY[row.figure], data, version)
    return len(rows)


@transaction.atomic
def _claim(study: Study, phase: str, options: Options) -> list[ComputedFigure]:
    now = timezone.now()
    asked = ComputedFigure.objects.select_for_update(skip_locked=True).filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        study=study,
        phase=phase,
        options_hash=options.hash,
        asked_at__isnull=False,
        figure__in=BY_KEY,
    )
    locked = is_locked(study, phase)
    rows = [row for row in asked if _may_be_computed(study, BY_KEY[row.figure], locked)]
    for row in rows:
        row.leased_until = now + LEASE
        row.save(update_fields=["leased_until"])
    places = list(BY_KEY)
    return sorted(rows, key=lambda row: places.index(row.figure))


def _may_be_computed(study: Study, figure: Figure, locked: bool) -> bool:
    return not (rests(figure, study) or (locked and figure.by_groups))


def _compute(row: ComputedFigure, figure: Figure, data: Judgements, version: Version) -> None:
    began = time.monotonic()
    try:
        result = enough(figure, figure.compute(data, row.chosen))
    except NotComputableError as error:
        _store(row, state=ComputedFigure.State.FAILED, sentence=str(error)[:300])
        return
    except Exception:
        logger.exception("figure %s of %s failed", figure.key, data.study)
        _store(row, state=ComputedFigure.State.FAILED, sentence=BROKEN)
        return
    _store(
        row,
        state=ComputedFigure.State.READY,
        result=result.as_data(),
        sentence="",
        code_version=figure.version,
        epoch=version.epoch,
        transaction=version.transaction,
        basis=basis_of(figure, locked=data.locked, places=lambda: data.sample.digest),
        seconds=time.monotonic() - began,
    )


def enough(figure: Figure, result: Result) -> Result:
    """The result, or only how many people there are, where they are too few to be shown."""
    if result.people >= figure.minimum:
        return result
    few = Remark(TOO_FEW, {"people": figure.minimum})
    return Result(
        result.people, result.judgements, result.sets, result.columns, rows=(), remarks=(few,)
    )


def _store(row: ComputedFigure, **values: Any) -> None:
    """Only while the lease is this worker's own: a slower one changes nothing."""
    ComputedFigure.objects.filter(pk=row.pk, leased_until=row.leased_until).update(
        asked_at=None, leased_until=None, computed_at=timezone.now(), **values
    )

"""A file that was asked for is written by one worker at a time, and taken up again.

A worker leases the row and renews the lease while it writes. A worker that is killed renews
nothing: when the lease has lapsed, beat hands the row to another.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Consent, Purpose
from annotation.models import Participation
from exports.files.writing import PART, Part, new_part, part_name, parts_in, words_of
from exports.models import Export, Release, State

logger = logging.getLogger(__name__)
MOST_ATTEMPTS = 3
KEPT = timedelta(days=14)
# A withdrawal is stamped before it is stored: one this long before a moment may not be seen in it.
UNSEEN = timedelta(minutes=1)
A_WORKERS = re.compile(rf"\.[\w-]{{16}}\.\d+{re.escape(PART)}")
MODELS: tuple[type[Export] | type[Release], ...] = (Export, Release)
Row = TypeVar("Row", Export, Release)


@dataclass(frozen=True)
class Made:
    """What a finished file says of itself; `values` go to further columns of its row."""

    name: str
    data_until: datetime
    rows: Mapping[str, int]
    values: Mapping[str, Any] = field(default_factory=dict)


def due(model: type[Row]) -> QuerySet[Row]:
    """Asked for and not taken up, or left by a worker that is gone."""
    lapsed = Q(state=State.RUNNING, leased_until__lt=timezone.now())
    return model._default_manager.filter(Q(state=State.QUEUED) | lapsed).order_by("pk")


def run(model: type[Row], pk: int, make: Callable[[Row, BinaryIO], Made]) -> None:
    """Writes the file of one row. A second call finds nothing due and does nothing."""
    row = _claim(model, pk)
    if row is None:
        return
    try:
        with (
            _renewed(row),
            new_part(settings.EXPORTS_DIR, f"{row.public_id}.{row.attempts}") as part,
        ):
            _finish(row, part, make(row, part.file))
    except Exception as fault:
        logger.exception("%s %s could not be written", model.__name__, row.public_id)
        _mine(row).update(
            state=State.FAILED, error=words_of(fault)[:300], finished_at=timezone.now()
        )


@transaction.atomic
def _claim(model: type[Row], pk: int) -> Row | None:
    """The row, leased to this worker, if it is due and not too often begun."""
    row = due(model).filter(pk=pk).select_for_update(skip_locked=True, no_key=True).first()
    if row is None:
        return None
    if row.attempts >= MOST_ATTEMPTS:
        row.state, row.finished_at = State.FAILED, timezone.now()
        row.error = f"Its worker was stopped {MOST_ATTEMPTS} times: ask for the file again."
    else:
        row.state, row.leased_until = State.RUNNING, timezone.now() + _lease()
        row.attempts += 1
    row.save(update_fields=["state", "finished_at", "error", "leased_until", "attempts"])
    return row if row.state == State.RUNNING else None


def _lease() -> timedelta:
    return timedelta(seconds=settings.EXPORT_LEASE_SECONDS)


def _mine(row: Row) -> QuerySet[Any]:
    """The row, as long as no other worker has taken it over."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    return rows.filter(state=State.RUNNING, attempts=row.attempts)


@contextmanager
def _renewed(row: Row) -> Iterator[None]:
    """Renews the lease from a thread of its own: the writer's connection is in its snapshot."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(_lease().total_seconds() / 3):
                _mine(row).update(leased_until=timezone.now() + _lease())
        finally:
            connection.close()

    thread = threading.Thread(target=renew, name=f"lease of {row.public_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _finish(row: Row, part: Part, made: Made) -> None:
    """Publishes the file with its row. Whoever lost the lease meanwhile publishes nothing."""
    written = part.seal()
    with transaction.atomic():
        if not _mine(row).select_for_update(no_key=True).exists():
            return
        part.publish(settings.EXPORTS_DIR / made.name)
        _mine(row).update(
            state=State.READY,
            error="",
            finished_at=timezone.now(),
            name=made.name,
            size=written.size,
            sha256=written.sha256,
            rows=dict(made.rows),
            data_until=made.data_until,
            **made.values,
        )


def remove_leftovers() -> int:
    """Deletes what killed workers left half written; returns how many files went."""
    # Files first: whoever began one of these has been at work in the rows since before.
    found = [path for path in parts_in(settings.EXPORTS_DIR) if A_WORKERS.fullmatch(path.name)]
    at_work = {
        part_name(f"{public_id}.{attempts}")
        for model in MODELS
        for public_id, attempts in model._default_manager.filter(
            state=State.RUNNING, leased_until__gte=timezone.now()
        ).values_list("public_id", "attempts")
    }
    left = [path for path in found if path.name not in at_work]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def outdated(exports: "QuerySet[Export]") -> "QuerySet[Export]":
    """Those that may hold somebody who withdrew, or took back taking part, since their moment."""
    since = OuterRef("data_until") - UNSEEN
    took_back = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        document=OuterRef("study__consent_document"),
        purpose=Purpose.TAKE_PART,
        withdrawn_at__gte=OuterRef(OuterRef("data_until")) - UNSEEN,
    )
    gone = Participation.objects.filter(study=OuterRef("study")).filter(
        Q(withdrawn_at__gte=since) | Exists(took_back)
    )
    hers = gone.filter(annotator__vendor=OuterRef("vendor"))
    return exports.filter(Q(vendor=None) & Exists(gone) | Exists(hers))


def expire(*, now: datetime | None = None) -> int:
    """Deletes the files of exports that were ready a fortnight ago, and those of whose people
    somebody withdrew since; returns how many.

    Releases stay: their versions are cited. A second call finds none. The row goes first, so
    that nobody is offered a file that is not there.
    """
    ready = Export.objects.filter(state=State.READY)
    old = ready.filter(finished_at__lt=(now or timezone.now()) - KEPT) | outdated(ready)
    names = dict(old.values_list("pk", "name"))
    gone = Export.objects.filter(pk__in=names, state=State.READY).update(state=State.GONE)
    for name in names.values():
        (settings.EXPORTS_DIR / name).unlink(missing_ok=True)
    return gone

"""What workers run for files that leave. Tasks take ids and are safe to run twice."""

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from exports.files import exporting, jobs
from exports.models import Export, Release
from exports.release import building

logger = logging.getLogger(__name__)
EVERY = 30  # seconds between two rounds of beat


@shared_task
def write_export(export_id: int) -> None:
    exporting.write_export(export_id)


@shared_task
def build_release(release_id: int) -> None:
    building.build_release(release_id)


@shared_task
def look_after_files() -> None:
    """Finds files that are due whatever happened to their message; clears away old ones."""
    for export in jobs.due(Export)[:100]:
        enqueue(export, expires=EVERY)
    for release in jobs.due(Release)[:100]:
        enqueue(release, expires=EVERY)
    jobs.remove_leftovers()
    jobs.expire()


def enqueue(row: Export | Release, **options: Any) -> None:
    """Hands a file to the workers. Without a broker nothing is lost: beat finds the row."""
    task = write_export if isinstance(row, Export) else build_release
    try:
        task.apply_async((row.pk,), queue="exports", retry=False, **options)
    except (OperationalError, OSError) as error:
        logger.warning("file %s waits for the broker: %s", row.public_id, type(error).__name__)

"""Texts that were never checked for personal data, or changed since, are checked on beat."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from exports.privacy.screening import screen_waiting

logger = logging.getLogger(__name__)

BATCHES = 100  # in one run: a worker is back for other work within a minute or two


@shared_task
def screen_texts() -> None:
    """Finds its work in the rows, so that it may be lost, and run twice."""
    screen_waiting(batches=BATCHES)


def enqueue_screening() -> bool:
    """Asks the workers to begin now. Without a broker beat does it later."""
    try:
        screen_texts.apply_async(queue="exports", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("texts wait for the broker: %s", type(error).__name__)
        return False
    return True

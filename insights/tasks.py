"""What workers run for the researchers' pages. Tasks may run twice; results are rows."""

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from insights.figures.computing import compute_figures
from insights.figures.figure import Options

logger = logging.getLogger(__name__)


@shared_task
def compute(study_id: int, phase: str, options: dict[str, Any]) -> None:
    compute_figures(study_id, phase, Options(**options))


def enqueue(study_id: int, phase: str, options: dict[str, Any]) -> None:
    """Asks the workers. Without a broker nothing is lost: who looks again asks again."""
    try:
        compute.apply_async((study_id, phase, options), queue="exports", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("figures wait for the broker: %s", type(error).__name__)


@shared_task
def suggest_topics(suggestion_id: int) -> None:
    from insights.topics.suggesting import make_suggestion

    make_suggestion(suggestion_id)


def enqueue_suggestion(suggestion_id: int) -> None:
    """As above: who asks for suggestions again asks the workers again."""
    try:
        suggest_topics.apply_async((suggestion_id,), queue="exports", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("suggestions wait for the broker: %s", type(error).__name__)


@shared_task
def count_order(study_id: int, phase: str) -> None:
    from insights.watch.order import count_displays

    count_displays(study_id, phase)


def enqueue_order(study_id: int, phase: str) -> None:
    """As above: who watches asks again."""
    try:
        count_order.apply_async((study_id, phase), queue="exports", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("displays wait for the broker: %s", type(error).__name__)

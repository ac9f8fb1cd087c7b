"""What workers run for the act. Tasks take ids, may run twice, and leave their result in rows.

Actions are imported when a task runs: they enqueue tasks, and import this module.
"""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


@shared_task
def review_participation(participation_id: int) -> None:
    """Looks at one person's work, after a conversation or at the end."""
    from annotation.actions.quality import review_work
    from annotation.models import Participation

    participation = Participation.objects.filter(pk=participation_id).first()
    if participation:
        review_work(participation=participation)


@shared_task
def review_recent_work() -> None:
    """Finds in the rows what was never looked at, or could not be checked, and looks again."""
    from annotation.actions.quality import participations_to_review

    for participation_id in participations_to_review():
        review_participation(participation_id)


def enqueue_review(participation_id: int) -> None:
    """Asks the workers for a review. Without a broker nothing is lost: beat finds it."""
    try:
        review_participation.apply_async((participation_id,), queue="housekeeping", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("a review waits for the broker: %s", type(error).__name__)

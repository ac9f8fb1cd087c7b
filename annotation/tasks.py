"""What workers run for the act. Tasks take ids, may run twice, and leave their result in rows."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from annotation import break_offs, retention
from annotation.review import looking

logger = logging.getLogger(__name__)


@shared_task
def note_break_offs() -> None:
    """Notes who left in the middle a day ago and has not come back."""
    break_offs.note_break_offs()


@shared_task
def review_participation(participation_id: int) -> None:
    """Looks at one person's work."""
    looking.review_each([participation_id])


@shared_task
def review_new_work() -> None:
    """Looks at everybody who ended a conversation since the beat before."""
    looking.review_each(looking.participations_to_review(within=looking.NEW_WORK))


@shared_task
def review_recent_work() -> None:
    """Finds in the rows what was never looked at, or could not be checked, and looks again."""
    looking.review_each(looking.participations_to_review())


@shared_task
def erase_past_retention() -> None:
    """Takes out data about people of studies whose last day of keeping is over."""
    for study, erased in retention.erase_each():
        if erased:
            logger.info("data about people of %s were erased", study)


def enqueue_review(participation_id: int) -> None:
    """Asks the workers for a review. Without a broker nothing is lost: beat finds it."""
    try:
        review_participation.apply_async((participation_id,), queue="housekeeping", retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("a review waits for the broker: %s", type(error).__name__)

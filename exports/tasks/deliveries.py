"""What workers run to tell receivers. Tasks take ids and may run twice."""

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from exports.vendors import sending

AT_ONCE = 500

logger = logging.getLogger(__name__)


@shared_task
def send_delivery(delivery_id: int) -> None:
    """One attempt at one message."""
    sending.deliver(delivery_id=delivery_id)


@shared_task
def send_due_deliveries() -> None:
    """Finds in the rows what happened, and what is to be sent."""
    sending.note_new_deliveries()
    due = sending.due_deliveries().values_list("pk", flat=True)[:AT_ONCE]
    for delivery_id in due:
        try:
            # A message that waited this long is replaced by the next beat's.
            send_delivery.apply_async((delivery_id,), queue="housekeeping", retry=False, expires=10)
        except (OperationalError, OSError) as error:
            logger.warning("a delivery waits for the broker: %s", type(error).__name__)

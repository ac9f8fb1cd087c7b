"""What workers run. Tasks take ids, may run twice, and leave their result in rows."""

import logging
from typing import Any

from celery import shared_task
from kombu.exceptions import OperationalError

from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet

logger = logging.getLogger(__name__)


@shared_task
def generate_candidate_set(set_id: int) -> None:
    """Makes the next attempt at a set, and asks for another run where one is due."""
    outcome = complete_candidate_set(set_id)
    if outcome.again_in is not None:
        urgent = CandidateSet.objects.values_list("urgent", flat=True).get(pk=set_id)
        enqueue(set_id, urgent=urgent, countdown=outcome.again_in)


@shared_task
def enqueue_due_candidate_sets() -> None:
    """Finds work in the rows again, whatever happened to the queue or to a worker."""
    due = CandidateSet.objects.due().order_by("-urgent", "pk").values_list("pk", "urgent")[:500]
    for set_id, urgent in due:
        # A message that waited this long is replaced by the next beat's.
        enqueue(set_id, urgent=urgent, expires=10)


def enqueue(set_id: int, *, urgent: bool, **options: Any) -> None:
    """Hands a set to the workers; what a person waits for has a queue of its own.

    While the broker is away nothing is lost: the set is a row, and beat finds it.
    """
    queue = "live" if urgent else "generation"
    try:
        generate_candidate_set.apply_async((set_id,), queue=queue, retry=False, **options)
    except (OperationalError, OSError) as error:
        logger.warning("set %s waits for the broker: %s", set_id, type(error).__name__)

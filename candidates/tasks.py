"""What workers run. Tasks take ids, may run twice, and leave their result in rows."""

from celery import shared_task

from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet


@shared_task
def generate_candidate_set(set_id: int) -> None:
    """Makes the next attempt at a set, and asks for another run where one is due."""
    outcome = complete_candidate_set(set_id)
    if outcome.again_in is not None:
        generate_candidate_set.apply_async((set_id,), countdown=outcome.again_in)


@shared_task
def enqueue_due_candidate_sets() -> None:
    """Finds work in the rows again, whatever happened to the queue or to a worker."""
    due = CandidateSet.objects.due().order_by("-urgent", "pk").values_list("pk", flat=True)[:500]
    for set_id in due:
        # A message that waited this long is replaced by the next beat's.
        generate_candidate_set.apply_async((set_id,), expires=10)

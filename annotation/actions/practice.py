"""The practice item: two tries at its question, and on."""

from django.db import transaction
from django.utils import timezone

from annotation.models import Participation
from annotation.steps.participation import Step, next_step
from annotation.steps.practice import TRIES


@transaction.atomic
def answer_practice(*, participation: Participation, attempt: int, correct: bool) -> None:
    """Counts a try at the practice question. A repeat of the same try, as of a double
    click, changes nothing; the second wrong one is kept as not passed."""
    locked = Participation.objects.select_for_update(of=("self",)).get(pk=participation.pk)
    if next_step(locked) is not Step.PRACTICE or locked.comprehension_passed is not None:
        return
    if attempt != locked.comprehension_tries + 1:
        return
    locked.comprehension_tries = attempt
    if correct or attempt == TRIES:
        locked.comprehension_passed = correct
    locked.save(update_fields=["comprehension_tries", "comprehension_passed"])


@transaction.atomic
def leave_practice(*, participation: Participation) -> None:
    """Notes that she has practised, once the question is settled; a repeat changes nothing."""
    Participation.objects.filter(
        pk=participation.pk, practised_at=None, comprehension_passed__isnull=False
    ).update(practised_at=timezone.now())

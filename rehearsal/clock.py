"""The played clock: nobody waits in a rehearsal, so its moments are set afterwards.

Only rows of a copy are touched, and only two kinds of moments: a lease that somebody let
lapse, and the first look at the responses, which is moved back from the submission by as
long as this person takes to read. The rest keeps the time at which it really happened.
"""

from datetime import timedelta
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotation.models import Conversation, Participation, Ranking, Slot, Study, Turn
from annotation.review import review_each
from rehearsal.ledger import Ledger

SOME = 500


def lapse_lease(*, conversation_id: str) -> bool:
    """Ends the lease of a conversation's place, as a lapse of time would; a repeat ends it again.

    Returns whether it held one. The place stays hers until somebody else is given it.
    """
    conversation = Conversation.objects.select_related("participation__study", "grant").get(
        public_id=conversation_id
    )
    _refuse_unless_copy(conversation.participation.study)
    if conversation.grant is None:
        return False
    held = Slot.objects.open().filter(
        pk=conversation.grant.slot_id, holder=conversation.participation_id
    )
    return bool(held.update(leased_until=timezone.now() - timedelta(seconds=1)))


@transaction.atomic
def set_reading_times(*, study: Study, ledger: Ledger) -> int:
    """Moves the first look of each stored ranking back by its reader's time; returns how many.

    A repeat changes nothing: the time is counted from the submission.
    """
    _refuse_unless_copy(study)
    seconds = {submission.key: submission.seconds for submission in ledger.sent}
    stored = Ranking.objects.filter(turn__conversation__participation__study=study)
    columns = stored.order_by("pk").values_list("turn", "submission_key", "submitted_at")
    rows, moved = columns.iterator(chunk_size=SOME), 0
    while some := list(islice(rows, SOME)):
        turns = [
            Turn(pk=turn, shown_at=at - timedelta(seconds=seconds[str(key)]))
            for turn, key, at in some
            if str(key) in seconds
        ]
        Turn.objects.bulk_update(turns, ["shown_at"])
        moved += len(turns)
    Turn.objects.filter(
        conversation__participation__study=study, started_at__gt=F("shown_at")
    ).update(started_at=F("shown_at"))
    return moved


def review_everybody(*, study: Study) -> int:
    """The product's own review of everybody's work, once more; returns how many people."""
    _refuse_unless_copy(study)
    people = Participation.objects.filter(study=study, conversations__isnull=False).distinct()
    return review_each(people.order_by("pk").values_list("pk", flat=True))


def _refuse_unless_copy(study: Study) -> None:
    if study.rehearsal_of_id is None:
        raise ValidationError(f"{study} is no rehearsal: its times stay as they are.")

"""The played clock: nobody waits in a rehearsal, so its moments are set afterwards.

Only rows of a copy are touched, and only two kinds of moments: a lease that somebody let
lapse, and the first look at the responses, which is moved back from the submission by as
long as this person takes to read. The rest keeps the time at which it really happened.
"""

from datetime import timedelta
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from annotation.models import Conversation, Participation, Ranking, Slot, Study, Turn
from rehearsal.ledger import Ledger

SOME = 5000
MOVE = """
    UPDATE annotation_turn SET shown_at = looked.at
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS looked (turn, at)
    WHERE annotation_turn.id = looked.turn
"""


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
        looks = [
            (turn, at - timedelta(seconds=seconds[str(key)]))
            for turn, key, at in some
            if str(key) in seconds
        ]
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [[turn for turn, _at in looks], [at for _turn, at in looks]])
        moved += len(looks)
    Turn.objects.filter(
        conversation__participation__study=study, started_at__gt=F("shown_at")
    ).update(started_at=F("shown_at"))
    return moved


def people_to_review(*, study: Study) -> list[int]:
    """Everybody of a copy who began a conversation: what `review_each` takes."""
    _refuse_unless_copy(study)
    people = Participation.objects.filter(study=study, conversations__isnull=False).distinct()
    return list(people.order_by("pk").values_list("pk", flat=True))


def _refuse_unless_copy(study: Study) -> None:
    if study.rehearsal_of_id is None:
        raise ValidationError(f"{study} is no rehearsal: its times stay as they are.")

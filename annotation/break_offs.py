"""People who left in the middle and have not come back: noted, never lost."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation.models import Conversation, Grant
from annotation.steps.conversation import standing

AWAY = timedelta(hours=24)


@transaction.atomic
def note_break_offs(*, most: int = 500) -> int:
    """Notes as broken off what nobody has worked at for a day; returns how many grants.

    The reason says at which step she stood. Her conversation stays open: if she returns,
    what she does then ends the grant in its place. A second call finds none.
    """
    now = timezone.now()
    lapsed = Q(occasion=0, slot__leased_until__lt=now - AWAY)
    untouched = Q(granted_at__lt=now - AWAY) & (Q(renewed_at=None) | Q(renewed_at__lt=now - AWAY))
    left = Grant.objects.filter(
        lapsed | (Q(occasion__gt=0) & untouched),  # a re-test holds no lease
        disposition="",
        conversation__status=Conversation.Status.OPEN,
    ).select_for_update(of=("self",), skip_locked=True)
    grants = list(left.select_related("conversation__participation__wave")[:most])
    for grant in grants:
        grant.disposition = Grant.Disposition.BROKE_OFF
        grant.reason = standing(grant.conversation).step.value
        grant.ended_at = now
        grant.save(update_fields=["disposition", "reason", "ended_at"])
    return len(grants)

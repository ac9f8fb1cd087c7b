"""Rows that one request reads once for all who ask: they live as long as the row they belong to."""

from collections.abc import Sequence

from django.db.models import Model, QuerySet

from annotation.models import Conversation, Participation, ShownCandidate, Turn
from annotation.queries.prepared import prepared


def read_conversations(participation: Participation) -> None:
    """Reads her conversations once for all that asks for them, as long as this object lives."""
    conversations = list(_conversations_of(person=participation.pk))
    for conversation in conversations:
        conversation.participation = participation
    remember(participation, "conversations", conversations)


@prepared
def _conversations_of(*, person: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(participation=person).order_by("ordinal")


def remember(owner: Model, name: str, rows: Sequence[Model]) -> None:
    """Rows of an owner as if they had been read: what was stored just now is not asked for."""
    known = getattr(owner, name).all()
    known._result_cache, known._prefetch_done = list(rows), True
    vars(owner).setdefault("_prefetched_objects_cache", {})[name] = known


def is_known(owner: Model, name: str) -> bool:
    return name in getattr(owner, "_prefetched_objects_cache", {})


def shown_in(turn: Turn) -> list[ShownCandidate]:
    """The answers of a turn as they stood on the page, with their texts. They never change, so
    that they are read once."""
    if turn.shown_at is None:
        return list(turn.shown.select_related("candidate"))
    if not is_known(turn, "shown"):
        remember(turn, "shown", list(_shown_in(turn=turn.pk)))
    return list(turn.shown.all())


@prepared
def _shown_in(*, turn: int) -> QuerySet[ShownCandidate]:
    return ShownCandidate.objects.filter(turn=turn).select_related("candidate").order_by("position")

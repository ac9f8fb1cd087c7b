"""The stored times of people's acts: what is known of how long anything took.

An act leaves its time in the row it writes. Between two acts somebody may read, think,
wait for the next responses, or be away; nothing else is measured.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import models

from annotation.models import Conversation, Explanation, Participation, Ranking, Turn

PAUSE = timedelta(minutes=15)
SITTING = timedelta(hours=1)

# Model, path to the owner, columns of times.
Source = tuple[type[models.Model], str, tuple[str, ...]]
OF_A_CONVERSATION: tuple[Source, ...] = (
    (Conversation, "pk", ("opened_at", "ended_at")),
    (Turn, "conversation", ("started_at", "shown_at")),
    (Ranking, "turn__conversation", ("submitted_at",)),
    (Explanation, "turn__conversation", ("written_at",)),
)
OF_A_PERSON: tuple[Source, ...] = (
    (
        Participation,
        "pk",
        ("started_at", "screened_at", "guidelines_read_at", "practised_at", "finished_at"),
    ),
    (Conversation, "participation", ("opened_at", "ended_at")),
    (Turn, "conversation__participation", ("started_at", "shown_at")),
    (Ranking, "turn__conversation__participation", ("submitted_at",)),
    (Explanation, "turn__conversation__participation", ("written_at",)),
)


def moments_of(owners: Collection[int], sources: Iterable[Source]) -> dict[int, list[datetime]]:
    """The times of each owner's acts (people or conversations), in order."""
    found: dict[int, list[datetime]] = {owner: [] for owner in owners}
    for model, path, columns in sources:
        rows = model._default_manager.filter(**{f"{path}__in": owners})
        for owner, *times in rows.values_list(path, *columns):
            found[owner] += [time for time in times if time is not None]
    return {owner: sorted(times) for owner, times in found.items()}


def worked_minutes(moments: Iterable[datetime]) -> float:
    """Minutes from the first to the last moment; a pause longer than 15 minutes counts nothing."""
    gaps = (later - earlier for earlier, later in pairwise(sorted(moments)))
    worked = sum((gap for gap in gaps if gap <= PAUSE), timedelta())
    return worked.total_seconds() / 60


def count_sittings(moments: Iterable[datetime]) -> int:
    """How many sittings lie in these moments: a pause of an hour begins the next one."""
    return 1 + sum(later - earlier >= SITTING for earlier, later in pairwise(sorted(moments)))

"""What waits to be made, who holds what, and how calls to the provider end: reads."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median, quantiles
from typing import Any

import redis
from django.conf import settings
from django.db.models import Count, Min
from django.utils import timezone

from annotation.models import Conversation, Grant, Slot, Study
from candidates.models import CandidateSet, Generation, ModelEndpoint
from insights.health.parts import NEEDED_QUEUES

QUEUES = (*NEEDED_QUEUES, "exports")
LATEST_CALLS = 5000
HOUR = timedelta(hours=1)
FEW_CALLS = 20  # below, a rate of errors says little
MANY_ERRORS = 0.1  # of the calls of an hour: an alarm


@dataclass(frozen=True)
class Waiting:
    """Sets that are to be made for one locale: for people who wait, and for the pool."""

    locale: str
    people: int
    longest: float | None  # seconds the first of these people has waited
    pool: int
    oldest: float | None  # seconds since the first of these sets was asked for


@dataclass(frozen=True)
class Calls:
    """Calls to one endpoint in the last hour, of the latest 5,000. Milliseconds of answers."""

    endpoint: ModelEndpoint
    calls: int
    errors: int
    middle: float | None
    slow: float | None  # 9 of 10 answers were faster

    @property
    def error_rate(self) -> float | None:
        return self.errors / self.calls if self.calls else None

    @property
    def fails_often(self) -> bool:
        return self.calls >= FEW_CALLS and (self.error_rate or 0) > MANY_ERRORS


@dataclass(frozen=True)
class Leases:
    """Places that somebody is at now, and how long the first of them has been given, seconds."""

    held: int
    oldest: float | None


def waiting_sets(study: Study, phase: str) -> list[Waiting]:
    """Of every locale. A set of the pool waits in each locale that speaks its language."""
    now = timezone.now()
    pending = CandidateSet.objects.filter(status=CandidateSet.Status.PENDING).order_by()
    live = pending.filter(
        turns__live=True,
        turns__conversation__status=Conversation.Status.OPEN,
        turns__conversation__participation__study=study,
        turns__conversation__participation__phase=phase,
    ).values_list("turns__conversation__locale")
    pool = pending.filter(prompt_text__prompt__pool=study.pool, sampler__in=study.arms())
    people = _counted(live.annotate(n=Count("pk"), first=Min("created_at")))
    prepared = _counted(pool.values_list("language").annotate(n=Count("pk"), f=Min("created_at")))
    found = []
    for locale in study.locales.order_by("country", "language"):
        waiting, asked = people[locale.pk]
        sets, made = prepared[locale.language]
        found.append(Waiting(str(locale), waiting, _since(asked, now), sets, _since(made, now)))
    return found


def _counted(rows: Any) -> defaultdict[Any, tuple[int, datetime | None]]:
    counted = {key: (n, first) for key, n, first in rows}
    return defaultdict(lambda: (0, None), counted)


def _since(first: datetime | None, now: datetime) -> float | None:
    return None if first is None else (now - first).total_seconds()


def leases(study: Study, phase: str) -> Leases:
    now = timezone.now()
    held = Slot.objects.filter(
        locale__study=study, phase=phase, status=Slot.Status.OPEN, leased_until__gt=now
    )
    given = Grant.objects.filter(slot__in=held, disposition="", occasion=0)
    first = given.aggregate(first=Min("granted_at"))["first"]
    return Leases(held.count(), _since(first, now))


def calls_of_the_hour() -> list[Calls]:
    """By endpoint, all studies together: a provider fails for all."""
    latest = Generation.objects.order_by("-pk").values_list(
        "endpoint", "created_at", "error", "latency_ms"
    )[:LATEST_CALLS]
    since = timezone.now() - HOUR
    found: dict[int, list[tuple[str, int | None]]] = defaultdict(list)
    for endpoint, at, error, latency in latest:
        if at >= since:
            found[endpoint].append((error, latency))
    return [
        _calls(endpoint, found[endpoint.pk]) for endpoint in ModelEndpoint.objects.order_by("key")
    ]


def _calls(endpoint: ModelEndpoint, rows: Sequence[tuple[str, int | None]]) -> Calls:
    times = [float(latency) for error, latency in rows if not error and latency is not None]
    slow = quantiles(times, n=10, method="inclusive")[8] if len(times) > 1 else None
    middle = median(times) if times else None
    return Calls(endpoint, len(rows), sum(bool(error) for error, _l in rows), middle, slow)


def queue_lengths() -> dict[str, int]:
    """Messages that wait in each queue. Raises redis.RedisError where the broker is away."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)
    try:
        return {queue: int(client.llen(queue)) for queue in QUEUES}  # type: ignore[arg-type]
    finally:
        client.close()

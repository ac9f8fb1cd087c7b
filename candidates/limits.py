"""How much of an endpoint is left: requests and tokens a minute, calls in flight.

The counts live in Redis, so that all workers share them. They may be lost at any
moment: then a minute's allowance is given twice at worst, and nothing else happens.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from candidates.models import ModelEndpoint

# A place in flight is given back after this long, whatever became of who had it.
SLACK_SECONDS = 30
STAND_BY_SECONDS = 1.0


class NothingLeft(Exception):
    """The endpoint's allowance is used up; try again after `seconds`."""

    def __init__(self, seconds: float):
        super().__init__(f"wait {seconds:.1f} s")
        self.seconds = seconds


@contextmanager
def allowance(endpoint: ModelEndpoint, *, tokens: int) -> Iterator[None]:
    """Takes one request, an estimate of tokens and a place in flight. Raises NothingLeft."""
    _take(endpoint, "requests", endpoint.requests_per_minute, 1)
    _take(endpoint, "tokens", endpoint.tokens_per_minute, tokens)
    place = _enter(endpoint)
    try:
        yield
    finally:
        _redis().zrem(_flight(endpoint), place)


def _take(endpoint: ModelEndpoint, kind: str, per_minute: int | None, cost: int) -> None:
    if per_minute is None:
        return
    item = RateLimitItemPerMinute(per_minute)
    cost = min(cost, per_minute)  # a call larger than the limit must pass some time
    if not _limiter().hit(item, kind, str(endpoint.pk), cost=cost):
        reset = _limiter().get_window_stats(item, kind, str(endpoint.pk)).reset_time
        raise NothingLeft(max(0.5, reset - time.time()))


def _enter(endpoint: ModelEndpoint) -> str:
    """A place among those in flight, waited for a moment. Raises NothingLeft.

    A worker with more threads than places keeps every place busy: while some calls are in
    flight, other threads store answers and stand by for the next free place.
    """
    patience = time.monotonic() + STAND_BY_SECONDS
    while True:
        try:
            return _try_to_enter(endpoint)
        except NothingLeft:
            if time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _try_to_enter(endpoint: ModelEndpoint) -> str:
    """A member of a sorted set, scored by when it lapses."""
    place, now = uuid.uuid4().hex, time.time()
    pipe: Any = _redis().pipeline()
    pipe.zremrangebyscore(_flight(endpoint), 0, now)
    pipe.zadd(_flight(endpoint), {place: now + endpoint.timeout_seconds + SLACK_SECONDS})
    pipe.zcard(_flight(endpoint))
    if pipe.execute()[2] > endpoint.concurrency:
        _redis().zrem(_flight(endpoint), place)
        raise NothingLeft(1.0)
    return place


def _flight(endpoint: ModelEndpoint) -> str:
    return f"plurivox:in-flight:{endpoint.pk}"


@cache
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL)


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(RedisStorage(settings.REDIS_URL))

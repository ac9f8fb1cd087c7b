"""How much of a minute's allowance is left, counted in Redis for all web processes together.

The counts may be lost at any moment: then a minute's allowance is given twice at worst. While
Redis is away nothing is counted and nobody is stopped.
"""

import logging
import time
from functools import cache

import redis
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

# A Redis that neither answers nor refuses must not hold up a request for long.
PATIENCE_SECONDS = 0.5

logger = logging.getLogger(__name__)


def take(kind: str, who: str, *, per_minute: int) -> float | None:
    """Takes one of `per_minute`; None, or the seconds to wait where none is left."""
    item = RateLimitItemPerMinute(per_minute)
    try:
        if _limiter().hit(item, kind, who):
            return None
        reset = _limiter().get_window_stats(item, kind, who).reset_time
    except redis.RedisError as error:
        logger.warning("Requests to the API are not counted: %s", type(error).__name__)
        return None
    return max(1.0, reset - time.time())


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    storage = RedisStorage(
        settings.REDIS_URL,
        key_prefix="plurivox:api",
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
    return SlidingWindowCounterRateLimiter(storage)

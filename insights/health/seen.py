"""When workers and beat were last seen: they say so themselves, every few seconds.

The moments lie in Redis, beside the queues, by the clock of Redis: no two machines need the
same time. They may be lost at any moment; whoever is there says so again within seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings

BEAT = "beat"
EVERY_SECONDS = 5.0
# Three signs of life missed: whoever is slow for a moment is not gone.
SILENT_SECONDS = 20.0
KEY = "plurivox:seen"
ASKED = "asked:"


@dataclass(frozen=True)
class Silence:
    """Seconds since somebody was seen; of one never seen, since it was first asked for."""

    seconds: float
    ever_seen: bool

    @property
    def is_alive(self) -> bool:
        return self.ever_seen and self.seconds < SILENT_SECONDS


def note_seen(names: Iterable[str]) -> None:
    """Notes that these are there now. A later note takes the place of an earlier one."""
    wanted = list(names)
    if not wanted:
        return
    client = _redis(settings.REDIS_URL)
    now = _now(client)
    pipe: Any = client.pipeline()
    pipe.hset(KEY, mapping=dict.fromkeys(wanted, now))
    pipe.hdel(KEY, *(ASKED + name for name in wanted))
    pipe.execute()


def silences(names: Iterable[str]) -> Mapping[str, Silence]:
    """How long each has been silent. Raises redis.RedisError where the broker is away."""
    wanted = list(names)
    client = _redis(settings.REDIS_URL)
    now = _now(client)
    known: dict[bytes, bytes] = client.hgetall(KEY)  # type: ignore[assignment]
    found = {}
    for name in wanted:
        seen, asked = known.get(name.encode()), known.get((ASKED + name).encode())
        if seen is None and asked is None:
            client.hsetnx(KEY, ASKED + name, str(now))
        since = float(seen or asked or now)
        found[name] = Silence(max(0.0, now - since), seen is not None)
    return found


def forget() -> None:
    """As after a flush of Redis."""
    _redis(settings.REDIS_URL).delete(KEY)


def _now(client: "redis.Redis") -> float:
    seconds, micro = client.time()  # type: ignore[misc]
    return float(seconds) + float(micro) / 1e6


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)

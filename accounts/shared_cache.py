"""A cache that all web processes share, in Redis; without Redis each keeps its own.

Failed sign-ins are counted here. While Redis is away each process counts by itself: signing in
still works, and guessing is still slowed down.
"""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

# A Redis that neither answers nor refuses must not hold up a request for long.
PATIENCE_SECONDS = 0.5

logger = logging.getLogger(__name__)


class SharedCache(BaseCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = {
            "socket_timeout": PATIENCE_SECONDS,
            "socket_connect_timeout": PATIENCE_SECONDS,
        }
        self._redis = RedisCache(server, {**params, "OPTIONS": options})
        self._own = LocMemCache(server, params)

    def _ask(self, what: Callable[[BaseCache], Any]) -> Any:
        try:
            return what(self._redis)
        except redis.RedisError as error:
            logger.warning("The shared cache is away: %s", type(error).__name__)
            return what(self._own)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(lambda cache: cache.get(key, default, version=version))

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        self._ask(lambda cache: cache.set(key, value, timeout, version=version))

    def add(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        return bool(self._ask(lambda cache: cache.add(key, value, timeout, version=version)))

    def touch(
        self,
        key: str,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        return bool(self._ask(lambda cache: cache.touch(key, timeout, version=version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(lambda cache: cache.delete(key, version=version)))

    def clear(self) -> None:
        """Empties this cache alone: the same Redis carries the work of the workers."""
        self._own.clear()
        try:
            client = self._redis._cache.get_client(write=True)
            for key in client.scan_iter(f"{self.key_prefix}:*", count=1000):
                client.delete(key)
        except redis.RedisError as error:
            logger.warning("The shared cache is away: %s", type(error).__name__)

"""Workers and beat say every few seconds that they are there, and for which queues."""

import time
from typing import Any

import redis
from celery import bootsteps
from celery.beat import PersistentScheduler

from insights.health.seen import BEAT, EVERY_SECONDS, note_seen


class Heartbeat(bootsteps.StartStopStep):
    """A step of every worker. While the broker is away there is nobody to tell."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.timer: Any = None

    def start(self, worker: Any) -> None:
        self.note(worker)
        self.timer = worker.timer.call_repeatedly(EVERY_SECONDS, self.note, (worker,))

    def stop(self, worker: Any) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None

    def note(self, worker: Any) -> None:
        _tell(list(worker.app.amqp.queues.consume_from))


class Scheduler(PersistentScheduler):
    """Celery's own, which also says that it is there."""

    _told = 0.0

    def tick(self, *arguments: Any, **options: Any) -> Any:
        if time.monotonic() - self._told > EVERY_SECONDS:
            self._told = time.monotonic()
            _tell([BEAT])
        return min(super().tick(*arguments, **options), EVERY_SECONDS)


def _tell(names: list[str]) -> None:
    try:
        note_seen(names)
    except (redis.RedisError, OSError):
        return

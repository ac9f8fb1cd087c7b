"""Long answers of the API: few at once in a web process, and slow while people work.

A stream holds one of the few threads that also serve people, and a core of the database's
machine. So each process gives out `API_STREAMS` at once (whoever comes then is told when to
ask again), and while somebody uses the site a stream rests `REST` times as long as it worked.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import sleep
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import Throttled

RETRY_SECONDS = 5
BUSY_SECONDS = 1.0  # after the last request of a person's browser
REST = 5  # a sixth of the time is a stream's, where people are at work
NAP = 0.1  # seconds; a rest ends soon after people are gone


@dataclass
class Here:
    """What this web process knows."""

    taken: int = 0  # permits
    last_of_people: float = float("-inf")  # on the clock that never goes back
    # Taken again where the collector of garbage comes in between, see `__del__`.
    lock: AbstractContextManager[Any] = field(default_factory=threading.RLock)


here = Here()


class Permit:
    """For one long answer. Raises Throttled where all are given out."""

    def __init__(self) -> None:
        self._held, self._here = False, here
        with here.lock:
            if here.taken >= settings.API_STREAMS:
                raise Throttled(RETRY_SECONDS)
            here.taken += 1
            self._held = True
        self._worked = 0.0
        self.work()

    def work(self) -> None:
        """From now on it works."""
        self._since = time.monotonic()

    def pause(self) -> None:
        """It has worked until now; what follows, such as a slow reader, is not its work."""
        self._worked += time.monotonic() - self._since

    def rest(self) -> None:
        """Makes way for people: as long as is due for the work since the last rest."""
        due, self._worked = REST * self._worked, 0.0
        while due > 0 and people_are_at_work():
            sleep(min(NAP, due))
            due -= NAP

    def close(self) -> None:
        """Gives it back; a second call does nothing."""
        with self._here.lock:
            self._here.taken -= self._held
            self._held = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


class Stream(Iterator[bytes]):
    """Blocks of one long answer; its permit ends with them, or when the answer is closed."""

    def __init__(self, permit: Permit, blocks: Iterable[bytes]) -> None:
        self._permit = permit
        self._source = blocks
        self._blocks = iter(blocks)
        self._begun = False
        permit.pause()

    def __next__(self) -> bytes:
        if self._begun:  # after the block before was sent: the first one leaves at once
            self._permit.rest()
        self._begun = True
        self._permit.work()
        try:
            return next(self._blocks)
        except BaseException:
            self.close()
            raise
        finally:
            self._permit.pause()

    def close(self) -> None:
        if close := getattr(self._source, "close", None):
            close()
        self._permit.close()


def people_are_at_work() -> bool:
    return time.monotonic() - here.last_of_people < BUSY_SECONDS


class NotePeople:
    """Middleware: notes that somebody's browser asked for something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            here.last_of_people = time.monotonic()
        return self._get_response(request)

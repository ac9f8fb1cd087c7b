"""Downloads of finished files: few at once in a web process, and few of them one recipient's.

A download is no work, but it holds a thread until its reader has taken the last byte. Web
processes therefore have threads for `API_DOWNLOADS` beside those that serve people, and one
recipient never holds all of them. A reader who stands still is cut, and goes on by range.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from exports.files.ranges import Part, blocks

RETRY_SECONDS = 15


class AllTaken(Exception):
    """As many downloads run as can: come again in `RETRY_SECONDS`."""


@dataclass
class Here:
    """What this web process knows: how many downloads each recipient has."""

    # Whose each is, by its id. The collector of garbage may end one between any two steps of
    # another, see `__del__`: one step adds one, one step takes it away, and none is counted.
    running: dict[int, str] = field(default_factory=dict)
    # Taken again where the collector comes in between.
    lock: AbstractContextManager[Any] = field(default_factory=threading.RLock)


here = Here()


class Transfer(Iterator[bytes]):
    """Blocks of a part of a file on their way to one recipient. Raises AllTaken.

    Its place is free again after the last block, or when the answer is closed.
    """

    def __init__(self, path: Path, part: Part, *, recipient: str) -> None:
        self._here = here
        self._blocks: Iterator[bytes] = iter(())
        most = settings.API_DOWNLOADS
        with here.lock:
            hers = list(here.running.values()).count(recipient)
            if len(here.running) >= most or hers >= max(1, most - 1):
                raise AllTaken
            here.running[id(self)] = recipient
        self._blocks = blocks(path, part)

    def __next__(self) -> bytes:
        try:
            return next(self._blocks)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives its place back; a second call does nothing."""
        with self._here.lock:
            self._here.running.pop(id(self), None)
        self._blocks = iter(())  # lets go of the file

    def __del__(self) -> None:
        self.close()


def cut_where_it_stands_still(request: HttpRequest) -> None:
    """Ends the connection once its reader takes less than a block in `DOWNLOAD_PATIENCE`."""
    connection = request.META.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.settimeout(settings.DOWNLOAD_PATIENCE)

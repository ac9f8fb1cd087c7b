"""Downloads of finished files: few at once in a web process, and few of them one recipient's.

A download is no work, but it holds a thread until its reader has taken the last byte. Web
processes therefore have threads for `API_DOWNLOADS` beside those that serve people, and one
recipient never holds all of them. A reader who stands still is cut, and goes on by range. Who
comes again before that was noticed takes the place of the download that was cut.
"""

import errno
import socket
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


@dataclass(eq=False)
class Place:
    """What one running download holds, and whether it lost it to the next."""

    recipient: str
    path: Path
    part: Part
    connection: socket.socket | None
    lost: bool = False

    def is_gone_on_with(self, other: "Place") -> bool:
        """Whether another download asks for bytes of this one again: nobody needs them twice at
        once, so that this one was cut. Parts fetched beside each other have none in common."""
        return (
            (self.recipient, self.path) == (other.recipient, other.path)
            and self.part.first <= other.part.last
            and other.part.first <= self.part.last
        )

    def lose(self) -> None:
        """Ends the download; its thread, which may wait for the reader, is free at once."""
        self.lost = True
        if self.connection is not None:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Here:
    """What this web process knows: which downloads run."""

    # By the id of each. The collector of garbage may end one between any two steps of
    # another, see `__del__`: one step adds one, one step takes it away, and none is counted.
    running: dict[int, Place] = field(default_factory=dict)
    # Taken again where the collector comes in between.
    lock: AbstractContextManager[Any] = field(default_factory=threading.RLock)

    def make_room(self, place: Place) -> None:
        """Where all that this recipient may have are taken, one that was cut ends. Raises
        AllTaken where there is none. To be called under the lock."""
        running, most = list(self.running.items()), settings.API_DOWNLOADS
        hers = [one for one in running if one[1].recipient == place.recipient]
        if len(running) < most and len(hers) < max(1, most - 1):
            return
        cut = next((one for one in hers if one[1].is_gone_on_with(place)), None)
        if cut is None:
            raise AllTaken
        # What ended by itself is no longer here, and its connection may carry another answer.
        if self.running.pop(cut[0], None):
            cut[1].lose()


here = Here()


class Transfer(Iterator[bytes]):
    """Blocks of a part of a file on their way to one recipient. Raises AllTaken.

    Its place is free again after the last block, or when the answer is closed. `connection` ends
    once its reader takes less than a block in `DOWNLOAD_PATIENCE`.
    """

    def __init__(
        self,
        path: Path,
        part: Part,
        *,
        recipient: str,
        connection: socket.socket | None = None,
    ) -> None:
        self._here = here
        self._blocks: Iterator[bytes] = iter(())
        self._place = Place(recipient, path, part, connection)
        with here.lock:
            here.make_room(self._place)
            here.running[id(self)] = self._place
        if connection is not None:
            with suppress(OSError):
                connection.settimeout(settings.DOWNLOAD_PATIENCE)
        self._blocks = blocks(path, part)

    def __next__(self) -> bytes:
        try:
            if self._place.lost:  # no end that could pass for the file's
                raise ConnectionResetError(errno.ECONNRESET, "another download took this place")
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


def connection_of(request: HttpRequest) -> socket.socket | None:
    """What the answer leaves by, where the server tells it."""
    return request.META.get("gunicorn.socket")

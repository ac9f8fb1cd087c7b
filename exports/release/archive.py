"""A ZIP archive whose bytes follow from its contents alone: fixed order, times and modes."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO, Self, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from exports.files.writing import Sink, Written

FIRST = datetime(1980, 1, 1, tzinfo=UTC)  # the earliest time that ZIP can hold
UNIX, MODE = 3, 0o644


class Archive:
    """Members are written once, one after the other; `members` holds what each came to."""

    def __init__(self, file: BinaryIO, moment: datetime) -> None:
        """`moment` is the time of every member, to the even second."""
        self._zip = ZipFile(file, "w", allowZip64=True)
        self._time = max(moment.astimezone(UTC), FIRST).timetuple()[:6]
        self.members: dict[str, Written] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self._zip.close()

    @contextmanager
    def member(self, name: str, *, packed: bool) -> Iterator[BinaryIO]:
        """A member to be written; `packed`: it is compressed by its own format already."""
        info = ZipInfo(name, self._time)
        info.create_system, info.external_attr = UNIX, MODE << 16
        info.compress_type = ZIP_STORED if packed else ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as file:
            sink = Sink(cast(BinaryIO, file))
            yield cast(BinaryIO, sink)
        self.members[name] = sink.written

    def add_text(self, name: str, text: str) -> None:
        """A text in UTF-8 whose lines end in line feeds."""
        self.add_bytes(name, (text.replace("\r\n", "\n").rstrip("\n") + "\n").encode())

    def add_bytes(self, name: str, data: bytes) -> None:
        with self.member(name, packed=False) as file:
            file.write(data)

    def add_json(self, name: str, value: Any) -> None:
        self.add_text(name, json_text(value))


def json_text(value: Any) -> str:
    """JSON in one form: two spaces, keys in the order given, letters as they are."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def shaping_versions() -> dict[str, str]:
    """What the bytes depend on beside the data: another version may pack them otherwise."""
    return {"zlib": zlib.ZLIB_RUNTIME_VERSION}

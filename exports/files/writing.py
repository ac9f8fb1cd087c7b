"""Files that nobody sees before they are complete.

A file is written under a hidden name in its folder, reaches the disk, is read back for its
checksum, and only then gets its name. Whatever goes wrong before leaves nothing behind; what
a killed process left is found by its name.
"""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.db import Error as DatabaseFault

PART = ".part"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Written:
    """Bytes, and their SHA-256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Part:
    """A file under its hidden name."""

    path: Path
    file: BinaryIO

    def seal(self) -> Written:
        """Brings it to the disk; size and checksum are those of what stands there."""
        if not self.file.closed:  # compressed streams close what they write to
            self.file.close()
        with self.path.open("rb+") as stored:
            os.fsync(stored.fileno())
            digest = hashlib.file_digest(stored, "sha256").hexdigest()
            return Written(size=stored.seek(0, os.SEEK_END), sha256=digest)

    def publish(self, path: Path) -> None:
        """Gives it its name, at once and for good."""
        os.replace(self.path, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def new_part(folder: Path, name: str) -> Iterator[Part]:
    """A new hidden file in a folder; gone at the end unless it was published."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / part_name(name)
    try:
        with path.open("w+b") as file:
            yield Part(path, file)
    finally:
        path.unlink(missing_ok=True)


def part_name(name: str) -> str:
    return f".{name}{PART}"


def parts_in(folder: Path) -> Iterator[Path]:
    """Files that are being written, or were when somebody killed their writer."""
    return folder.glob(f".*{PART}")


class Sink:
    """Passes bytes on, counts and hashes them. It can neither go back nor be closed."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    @property
    def written(self) -> Written:
        return Written(size=self._size, sha256=self._digest.hexdigest())

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        self._file.write(view)
        self._digest.update(view)
        self._size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Whoever opened the file closes it."""

    def seekable(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


def words_of(fault: BaseException) -> str:
    """One sentence for the person who asked. It tells nothing of the inside."""
    if isinstance(fault, ValidationError):
        return " ".join(fault.messages)
    if isinstance(fault, OSError) and fault.errno in FULL:
        return "The server's disk is full: ask for the file again once its operator has made room."
    if isinstance(fault, OSError):
        reason = os.strerror(fault.errno or errno.EIO)
        return f"The server cannot write to its folder of files ({reason}): tell its operator."
    if isinstance(fault, DatabaseFault):
        return "The database did not answer to the end: ask for the file again."
    return (
        "A fault of the program stopped it: ask for the file again, and tell the operator, whose "
        "worker's log says which."
    )

"""Real worker and web processes on the tests' database and broker."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
LEASE_SECONDS = 3


def database_url() -> str:
    """The address of the tests' own database, for other processes."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def process_environment(lease: int = LEASE_SECONDS) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "GENERATION_LEASE_SECONDS": str(lease),
        "EXPORT_LEASE_SECONDS": str(lease),
    }


@dataclass
class Worker:
    THREADS: ClassVar[int] = 4

    process: subprocess.Popen[bytes]

    @classmethod
    @contextmanager
    def running(cls, *, lease: int = LEASE_SECONDS) -> Iterator["Worker"]:
        """One worker with its own beat, until the block ends and nothing of it is in the database.

        What it has in hand is taken up again after `lease` seconds; a machine that stalls for
        longer has it done twice.
        """
        with tempfile.TemporaryDirectory() as folder:
            name = f"worker {uuid4().hex}"
            worker = cls(cls._start(Path(folder), name, lease))
            try:
                yield worker
            finally:
                worker.kill()
                # What it sent last is still stored, and would be found by the next test.
                wait_until(lambda: not is_in_the_database(name))

    @staticmethod
    def _start(folder: Path, name: str, lease: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat"]
        command += ["--schedule", str(folder / "beat"), "-l", "WARNING"]
        command += [
            "-Q",
            "live,generation,housekeeping,exports",
            "--pool",
            "threads",
            "-c",
            str(Worker.THREADS),
        ]
        with (folder / "worker.log").open("wb") as log:
            return subprocess.Popen(
                [*command, "--without-gossip", "--without-mingle"],
                cwd=ROOT,
                env=process_environment(lease) | {"PGAPPNAME": name},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the worker and everything it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Site:
    """Gunicorn with the real stack, on the tests' database; it can go away and come back."""

    address: str
    place: socket.socket  # keeps others from taking its port while it is away
    process: subprocess.Popen[bytes] | None = None
    threads: int = 8
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at_a_free_port(cls) -> "Site":
        place = socket.socket()
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # gunicorn may have it, too
        place.bind(("127.0.0.1", 0))
        return cls(f"http://127.0.0.1:{place.getsockname()[1]}", place)

    def start(self) -> None:
        """At its own address, and answering; one that was paused goes on."""
        if self.is_running():
            self._signal(signal.SIGCONT)
            return
        command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--no-control-socket"]
        command += ["--bind", self.address.removeprefix("http://"), "--workers", "1"]
        # While it is paused gunicorn must not take its worker for a dead one.
        self.process = subprocess.Popen(
            [*command, "--threads", str(self.threads), "--timeout", "3600"],
            cwd=ROOT,
            env=process_environment() | {"SITE_URL": self.address} | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_until(lambda: is_answering(f"{self.address}/healthz?parts=database"))

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        """To the process and its children."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def pause(self) -> None:
        """Halts it while it does nothing in the database, whose tables can then be emptied.

        A page that is being closed may still send what was typed. Without this, the lock on all
        tables and such a request would wait for each other; or it would be answered after the
        tables have been filled again, and stored as a draft of the next test's person.
        """
        if not self.is_running():
            return
        deadline, goes_on = time.monotonic() + 240, 0.05
        while True:
            self._signal(signal.SIGSTOP)
            time.sleep(0.1)  # what was on its way to the database has arrived there
            if nobody_works() and not self.is_asked():
                return
            self._signal(signal.SIGCONT)
            assert time.monotonic() < deadline, "the web process never came to rest"
            time.sleep(goes_on)
            goes_on = min(1.0, 1.5 * goes_on)  # on a slow machine a request takes its seconds

    def is_asked(self) -> bool:
        """Whether anybody is connected to it, answered or not; by the table of the kernel."""
        port = f":{urlsplit(self.address).port:04X}"
        connected = {"01", "08"}  # established; closed by the other side, perhaps not yet read
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return any(own.endswith(port) and state in connected for _n, own, _to, state, *_ in lines)

    def kill(self) -> None:
        """SIGKILL to the web process and its children, whatever they are doing."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self) -> None:
        """Kills it, and gives its port back."""
        self.kill()
        self.place.close()


def nobody_works() -> bool:
    """Whether no other process is at work in the tests' database, nor inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return bool(cursor.fetchone() == (0,))


def is_in_the_database(name: str) -> bool:
    """Whether a process that calls itself so has a session there; of one that was killed
    PostgreSQL first does what it had read."""
    with connection.cursor() as cursor:
        query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = %s)"
        cursor.execute(query, [name])
        return bool(cursor.fetchone() == (True,))


def is_answering(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=60):
            return True
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 240) -> None:
    """Returns when the condition holds; fails with its name after a generous time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited state did not come"
        time.sleep(0.1)

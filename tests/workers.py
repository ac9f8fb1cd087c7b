"""Real worker processes on the tests' database and broker."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
LEASE_SECONDS = 3


def database_url() -> str:
    """The address of the tests' own database, for other processes."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def process_environment() -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "GENERATION_LEASE_SECONDS": str(LEASE_SECONDS),
    }


@dataclass
class Worker:
    process: subprocess.Popen[bytes]

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Worker"]:
        """One worker with its own beat, until the block ends."""
        with tempfile.TemporaryDirectory() as folder:
            worker = cls(cls._start(Path(folder)))
            try:
                yield worker
            finally:
                worker.kill()

    @staticmethod
    def _start(folder: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--beat"]
        command += ["--schedule", str(folder / "beat"), "-l", "WARNING"]
        command += ["-Q", "live,generation,housekeeping", "--pool", "threads", "-c", "4"]
        return subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=process_environment(),
            stdout=(folder / "worker.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to the worker and everything it started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns when the condition holds; fails with its name after a generous time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited state did not come"
        time.sleep(0.1)

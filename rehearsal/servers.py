"""The processes that a rehearsal needs and does not find: pages, a worker, the demo provider.

They run the same code with the same settings as everywhere else, on this database and
broker, and end with the rehearsal.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from insights.health.parts import workers_answer
from rehearsal.copies import KEY_VARIABLE

ADDRESS = "127.0.0.1"
START_SECONDS = 180.0
LAST_CHARACTERS = 1500
STRANGE_WORKER = (
    "A worker runs that cannot reach a rehearsal's demo provider and would spoil its responses: "
    "stop it for the rehearsal, or start it, like this command, with "
    f"ALLOWED_PRIVATE_HOSTS={ADDRESS} and {KEY_VARIABLE}=demo."
)


class StartError(Exception):
    """A process did not come up; the message holds its last lines."""


@dataclass
class Process:
    """One started process, in a group of its own; it can be killed and started again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    ready: Callable[[], bool]
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.command, cwd=settings.BASE_DIR, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.running.poll() is not None or time.monotonic() > deadline:
                last = self.log.read_text(errors="replace")[-LAST_CHARACTERS:]
                self.end()
                raise StartError(f"The {self.name} did not start. Its last lines:\n{last}")
            time.sleep(0.1)

    def end(self, how: signal.Signals = signal.SIGKILL) -> None:
        """By default outright, with all that it started, whatever they are doing."""
        if self.running and self.running.poll() is None:
            os.killpg(self.running.pid, how)
            self.running.wait()


@dataclass
class Servers:
    """What one rehearsal started. Use it in a `with` block: what was started ends with it."""

    started: list[Process] = field(default_factory=list)
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="plurivox-rehearsal-")
    )

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_error: object) -> None:
        for process in reversed(self.started):
            process.end(signal.SIGTERM if process.name == "worker" else signal.SIGKILL)
        self.folder.cleanup()

    def run(self, name: str, command: list[str], ready: Callable[[], bool], **more: str) -> Process:
        environment = {**os.environ, "DATABASE_URL": database_url(), **more}
        log = Path(self.folder.name) / f"{name}.log"
        process = Process(name, [sys.executable, "-m", *command], environment, log, ready)
        self.started.append(process)
        process.start()
        return process

    def find(self, name: str) -> Process | None:
        return next((process for process in self.started if process.name == name), None)

    def ensure_provider(self) -> str:
        """The address of a demo provider of ours; empty where the site's own is the demo's.

        This process, which makes the pool sets, and all that it starts may call it.
        """
        if is_demo_provider(os.environ.get("OPENAI_BASE_URL", "")):
            return ""
        prepared = KEY_VARIABLE in os.environ and ADDRESS in settings.ALLOWED_PRIVATE_HOSTS
        if not prepared and workers_answer():
            raise StartError(STRANGE_WORKER)
        port = free_port()
        address = f"http://{ADDRESS}:{port}/v1"
        command = ["demo.provider", "--port", str(port)]
        self.run("provider", command, lambda: is_demo_provider(address))
        os.environ[KEY_VARIABLE] = "demo"
        if ADDRESS not in settings.ALLOWED_PRIVATE_HOSTS:
            settings.ALLOWED_PRIVATE_HOSTS.append(ADDRESS)
        os.environ["ALLOWED_PRIVATE_HOSTS"] = ",".join(settings.ALLOWED_PRIVATE_HOSTS)
        return address

    def ensure_worker(self, provider: str = "") -> None:
        """A worker that makes live responses: one that answers, or one that is started here."""
        if not provider and workers_answer():
            return
        command = ["celery", "-A", "config", "worker", "-l", "WARNING", "--pool", "threads"]
        command += [
            "-c",
            "4",
            "-Q",
            "live,generation,housekeeping",
            "-n",
            f"rehearsal{os.getpid()}@%h",
        ]
        command += ["--without-gossip", "--without-mingle", "--beat"]
        command += ["--schedule", str(Path(self.folder.name) / "beat")]
        self.run("worker", command, workers_answer)

    def ensure_site(self, given: str = "") -> str:
        """The address of the pages: the one given, the site's own, or one started here."""
        for address in (given, settings.SITE_URL):
            if address and answers(f"{address}/healthz?parts=database"):
                return address.rstrip("/")
        if given:
            raise StartError(f"{given} does not answer.")
        port = free_port()
        address = f"http://{ADDRESS}:{port}"
        command = ["gunicorn", "config.wsgi", "--no-control-socket", "--bind", f"{ADDRESS}:{port}"]
        command += ["--workers", "2", "--threads", "4", "--timeout", "120"]
        self.run(
            "web", command, lambda: answers(f"{address}/healthz?parts=database"),
            SITE_URL=address, ALLOWED_HOSTS=ADDRESS, PLURIVOX_EMBEDDED="1",
        )  # fmt: skip
        return address


def database_url() -> str:
    """The address of the database this process works on, for other processes."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def is_demo_provider(base_url: str) -> bool:
    """Whether the canned texts' own server answers there: only it counts its calls so."""
    return bool(base_url) and answers(
        base_url.removesuffix("/").removesuffix("/v1") + "/demo/calls"
    )


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=30) as response:  # noqa: S310, ours alone
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])

"""./run rehearse-faults: a rehearsal during which every part is killed and comes back.

Web, worker, broker and database each end by SIGKILL in the middle and are started anew.
The people send again what was not answered, as browsers do, and every check of a rehearsal
still has to hold.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from embedded import servers
from embedded.children import Child, Children
from embedded.demo import compile_messages, manage, start_provider, start_web, start_worker
from embedded.install import DATA, PYTHON, VENV, ensure_installed
from embedded.words import Stop, step

PEOPLE = "150"
# What a worker had in hand when it was killed is taken up again after so many seconds.
LEASE_SECONDS = "5"
PAUSE = 12.0
RESTART_SECONDS = 60.0
ROUNDS = 2


def rehearse_faults(arguments: Sequence[str]) -> int:
    """Plays with faults; arguments go to the rehearsal. Returns its exit status."""
    ensure_installed("requirements-dev.txt")  # as for the tests: nothing is removed
    data = DATA / "rehearsal"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    port = servers.free_port()
    children = Children(data / "logs", os.environ)
    try:
        parts = _start(children, data, port)
        options = list(arguments) or ["--annotators", PEOPLE, "--seed", "7"]
        site = ["--site", f"http://127.0.0.1:{port}", "--faults"]
        command: list[str | Path] = [PYTHON, "manage.py", "rehearse", *options, *site]
        rehearsal = children.start("rehearsal", command)
        faults = _kill_in_turn(children, parts, rehearsal)
        while rehearsal.process.poll() is None:
            _revive(children, parts)
            time.sleep(0.5)
        status = rehearsal.process.returncode
        print(rehearsal.log.read_text(errors="replace"))
        print(f"{faults} parts were killed and came back.")
        children.dismiss(rehearsal)
        return status or (0 if faults >= len(parts) else 1)
    finally:
        children.stop()


# A part's name, how it is started, and whether it answers.
Part = tuple[str, Callable[[], Child], Callable[[], bool]]


def _start(children: Children, data: Path, port: int) -> list[Part]:
    """Everything a demo has, and for each part that is to be killed how it comes back."""
    with step("Database, broker and demo provider"):
        children.environment |= {
            "PLURIVOX_EMBEDDED": "1",
            "SECRET_KEY": "only-for-rehearsals",
            "PSEUDONYM_KEY": "only-for-rehearsals",
            "EXPORTS_DIR": str(data / "exports"),
            "SITE_URL": f"http://127.0.0.1:{port}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "STATIC_ROOT": str(data / "static"),
            "GENERATION_LEASE_SECONDS": LEASE_SECONDS,
            "DATABASE_URL": servers.start_postgres(children, data),
            "REDIS_URL": servers.start_valkey(children, data),
            **start_provider(children),
        }
    with step("Messages, tables and static files"):
        compile_messages(children.environment)
        manage(children.environment, "migrate", "--no-input", "--verbosity=0")
        manage(children.environment, "collectstatic", "--no-input", "--verbosity=0")
    with step("Worker, beat, web and the demo study"):
        start_worker(children)
        beat: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "beat", "-l", "WARNING"]
        children.start("beat", [*beat, "--schedule", data / "beat-schedule"])
        start_web(children, port)
        manage(children.environment, "load_demo", "--facts", str(data / "demo.json"))
    postgres: list[str | Path] = [*servers.as_somebody_else()]
    postgres += [servers.find_postgres() / "postgres", "-D", data / "postgres"]
    valkey: list[str | Path] = [servers.find_valkey(), data / "valkey.conf"]
    listening = {
        name: int(children.environment[variable].rsplit(":", 1)[1].split("/")[0])
        for name, variable in (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL"))
    }
    return [
        ("web", lambda: start_web(children, port), lambda: servers.is_listening(port)),
        ("worker", lambda: start_worker(children), lambda: True),
        (
            "valkey",
            lambda: children.start("valkey", valkey),
            lambda: servers.is_listening(listening["valkey"]),
        ),
        (
            "postgres",
            lambda: children.start("postgres", postgres, stop_signal=signal.SIGINT),
            lambda: servers.is_listening(listening["postgres"]),
        ),
    ]


def _kill_in_turn(children: Children, parts: Sequence[Part], rehearsal: Child) -> int:
    """Kills one part after the other while the rehearsal plays; returns how many."""
    killed = 0
    while "Playing at" not in rehearsal.log.read_text(errors="replace"):
        if rehearsal.process.poll() is not None:
            return killed
        time.sleep(0.3)
    for name, start, answers in list(parts) * ROUNDS:
        deadline = time.monotonic() + PAUSE
        while time.monotonic() < deadline:
            if rehearsal.process.poll() is not None or "Played" in rehearsal.log.read_text():
                return killed
            _revive(children, parts)
            time.sleep(0.3)
        children.kill(name)
        _bring_back(children, name, start, answers)
        killed += 1
        print(f"  {name} was killed and is back", flush=True)
    return killed


def _revive(children: Children, parts: Sequence[Part]) -> None:
    """Starts what has ended by itself, as a container's restart policy does.

    A worker with work in hand may end when its broker dies: its library then fails to give
    the work back. The rows know what is to be done, so nothing is lost by it.
    """
    for name, start, _answers in parts:
        for child in children.ended(name):
            children.dismiss(child)
            start()
            print(f"  {name} had ended by itself and was started again", flush=True)


def _bring_back(
    children: Children, name: str, start: Callable[[], Child], answers: Callable[[], bool]
) -> None:
    """Starts a part until it stays: after a kill its port or memory may be held for a moment."""
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        child = start()
        while time.monotonic() < deadline and child.process.poll() is None:
            if answers():
                return
            time.sleep(0.1)
        children.dismiss(child)
        time.sleep(0.5)
    raise Stop(f"{name} did not come back within {RESTART_SECONDS:.0f} s.")

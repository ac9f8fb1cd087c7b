"""The processes that ./run starts: all of them end together, and nothing else ends."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded.words import Stop

Command = Sequence[str | Path]
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    def last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(f"    {line}" for line in lines[-12:]) or "    (it printed nothing)"


class Children:
    """A family of processes: started in order, watched, stopped in reverse order."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self.logs = logs
        self.environment = dict(environment)
        self._children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self, name: str, command: Command, stop_signal: signal.Signals = signal.SIGTERM
    ) -> Child:
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                # A group of its own: Ctrl-C in the terminal reaches ./run alone.
                start_new_session=True,
                preexec_fn=die_with_parent(stop_signal),
            )
        child = Child(name, process, log, stop_signal)
        self._children.append(child)
        return child

    def kill(self, name: str) -> None:
        """SIGKILL to a child with all it started, as a crash would; nobody is alarmed by it."""
        for child in [child for child in self._children if child.name == name]:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self.dismiss(child)

    def ended(self, name: str) -> list[Child]:
        """Children of this name that have ended by themselves."""
        return [c for c in self._children if c.name == name and c.process.poll() is not None]

    def dismiss(self, child: Child) -> None:
        """Forgets a child whose work is done, so that its end alarms nobody."""
        self._children.remove(child)

    def check(self, besides: Child | None = None) -> None:
        """Raises Stop with a child's last lines when one (besides that) has ended by itself."""
        for child in self._children:
            if child is not besides and child.process.poll() is not None:
                raise Stop(
                    f"{child.name} ended by itself (status {child.process.returncode}), so "
                    f"everything was stopped. Its last lines, from {child.log}:\n"
                    f"{child.last_lines()}"
                )

    def wait_until(self, answers: Callable[[], bool], what: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not answers():
            self.check()
            if time.monotonic() > deadline:
                raise Stop(f"{what} did not answer within {seconds:.0f} s. See {self.logs}.")
            time.sleep(0.1)

    def watch(self) -> None:
        """Stays until a child ends or a signal comes."""
        while True:
            self.check()
            time.sleep(0.3)

    def stop(self) -> None:
        """Ends every child, the last started first; what does not listen is killed."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.send_signal(child.stop_signal)
                try:
                    child.process.wait(timeout=8)
                except subprocess.TimeoutExpired:
                    os.killpg(child.process.pid, signal.SIGKILL)
                    child.process.wait()
        self._children.clear()


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Before exec, asks Linux to end the child when ./run is killed outright."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))

    return ask

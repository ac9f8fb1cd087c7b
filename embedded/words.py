"""How ./run speaks: progress lines with seconds, and stops in one clear sentence."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stop(Exception):
    """Ends the command with one sentence that says what to do."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Prints a line for a step when it is done, with its seconds."""
    started = time.monotonic()
    yield
    print(f"  {name:<44} {time.monotonic() - started:6.1f} s", flush=True)

"""Vendors' programs that fetch without a pause, in a process of their own.

`python -m bench.pulling PORT TOKEN…`: each token's program reads the change feed from the
beginning or the wide CSV (every other one), throws it away and begins again; where it is told
to wait, it waits. At the end of its standard input it prints what it got and stops.
"""

import http.client
import json
import sys
import threading
import time

ADDRESSES = ("/api/v1/changes", "/api/v1/exports/community-alignment.csv")
LINES = "application/x-ndjson"
LEAST_WAIT = 0.5  # seconds; a busy server is not asked again at once


class Pulled:
    """What all of them got together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.found = {"megabytes": 0.0, "answers": 0, "told_to_wait": 0, "faults": 0}

    def add(self, **more: float) -> None:
        with self._lock:
            for name, number in more.items():
                self.found[name] += number


def pull(port: int, token: str, address: str, pulled: Pulled, over: threading.Event) -> None:
    """One vendor's program."""
    accepted = LINES if "changes" in address else "*/*"
    headers = {"Authorization": f"Bearer {token}", "Accept": accepted}
    while not over.is_set():
        try:
            over.wait(_pull_once(port, address, headers, pulled, over))
        except (OSError, http.client.HTTPException):
            pulled.add(faults=1)
            over.wait(LEAST_WAIT)


def _pull_once(
    port: int, address: str, headers: dict[str, str], pulled: Pulled, over: threading.Event
) -> float:
    """Fetches once; returns the seconds to wait before the next time."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        line.request("GET", address, headers=headers)
        answer = line.getresponse()
        if answer.status in (429, 503):
            pulled.add(told_to_wait=1)
            return max(LEAST_WAIT, float(answer.headers.get("Retry-After", LEAST_WAIT)))
        if answer.status != 200:
            pulled.add(faults=1)
            return LEAST_WAIT
        while not over.is_set() and (block := answer.read(1 << 18)):
            pulled.add(megabytes=len(block) / 1e6)
        pulled.add(answers=1)
    finally:
        line.close()
    return 0.0


def main() -> None:
    port, tokens = int(sys.argv[1]), sys.argv[2:]
    pulled, over = Pulled(), threading.Event()
    programs = [
        threading.Thread(
            target=pull,
            args=(port, token, ADDRESSES[number % len(ADDRESSES)], pulled, over),
            daemon=True,
        )
        for number, token in enumerate(tokens)
    ]
    started = time.monotonic()
    for program in programs:
        program.start()
    sys.stdin.read()
    over.set()
    pulled.found["seconds"] = time.monotonic() - started
    print(json.dumps(pulled.found))


if __name__ == "__main__":
    main()

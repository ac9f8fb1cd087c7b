"""A light load: threads of one process, each one browser at a time, without think time."""

import gzip
import http.client
import re
import secrets
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

Cycle = Callable[[], None]
ACTION = re.compile(r'action="(/conversations/[\w-]+/turns/1/ranking/)"')
FLOOR_ACTION = re.compile(r'action="(/turns/\d+/ranking/)"')
PLACES = re.compile(r'name="(place_\w+)" value="1"')
KEY = re.compile(r'name="submission_key" value="([^"]+)"')
SECRET_LENGTH = 32


class Failed(Exception):
    """A request was not answered as it should be."""


class Browser:
    """One connection that is kept, with its cookies."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Accept-Encoding": "gzip", **headers}

    def get(self, path: str) -> str:
        return self._ask("GET", path, None)[1]

    def post(self, path: str, fields: dict[str, str]) -> str:
        """Sends a form; returns where the answer leads."""
        return self._ask("POST", path, fields, status=302)[0]

    def receive(self, path: str, fields: dict[str, str]) -> str:
        """Sends a form; returns what is put in place of the page."""
        return self._ask("POST", path, fields)[1]

    def _ask(
        self, method: str, path: str, fields: dict[str, str] | None, status: int = 200
    ) -> tuple[str, str]:
        headers = dict(self._headers)
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, urlencode(fields) if fields else None, headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != status:
            raise Failed(f"{method} {path}: {response.status}")
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return response.headers.get("Location", ""), body.decode()

    def close(self) -> None:
        self._connection.close()


def annotator(port: int, session: str) -> Cycle:
    """Opens her next conversation and submits its ranking, as the script of the page does
    (tests/browser/test_opening.py): the answer to the first is the conversation."""
    secret = secrets.token_hex(SECRET_LENGTH // 2)
    cookies = f"sessionid={session}; csrftoken={secret}"
    browser = Browser(port, **{"Cookie": cookies, "HX-Request": "true"})
    token = {"csrfmiddlewaretoken": secret}

    def cycle() -> None:
        page = browser.receive("/conversations/open/", token)
        fields = {"submission_key": _found(KEY, page), "acceptable": "yes", "represents": "no"}
        sent = browser.post(_found(ACTION, page), token | fields | _places(page))
        if not sent.startswith("/conversations/"):
            raise Failed(f"the ranking led to {sent}")

    return cycle


def person_of_the_floor(port: int, person: int) -> Cycle:
    """The same two acts at the floor."""
    browser = Browser(port)

    def cycle() -> None:
        page = browser.get(f"/next/{person}/")
        opinions = {"acceptable": "yes", "represents": "no"}
        browser.post(_found(FLOOR_ACTION, page), opinions | _places(page))

    return cycle


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise Failed(f"a page without {pattern.pattern}")
    return match[1]


def _places(page: str) -> dict[str, str]:
    names = dict.fromkeys(PLACES.findall(page))
    return {name: str(place) for place, name in enumerate(names, start=1)}


@dataclass
class Round:
    """What one load did in its seconds."""

    seconds: float
    durations: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.durations) / self.seconds


def play(people: Iterator[Cycle], *, at_once: int, cycles_each: int, seconds: float) -> Round:
    """As many at once as asked; who has done her cycles is followed by the next person."""
    done = Round(seconds)
    lock, until = threading.Lock(), time.monotonic() + seconds

    def work() -> None:
        while time.monotonic() < until:
            with lock:
                cycle = next(people)
            for _cycle in range(cycles_each):
                started = time.monotonic()
                if started >= until:
                    return
                try:
                    cycle()
                except (Failed, OSError, http.client.HTTPException) as error:
                    done.errors.append(f"{type(error).__name__}: {error}")
                    break
                ended = time.monotonic()
                if ended <= until:
                    done.durations.append(ended - started)

    threads = [threading.Thread(target=work) for _person in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def quantile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]

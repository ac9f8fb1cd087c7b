"""A browser without a screen: cookies, redirects, and the forms of the pages as they are.

Nothing is known of the site beforehand but the first address. What is sent are the fields
of the form that was on the page, so that a page without its form stops a rehearsal.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

# A site that is being restarted is asked again for so long, as people do.
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.25
# A connection that rested for longer is not used again: gunicorn closes it after two seconds,
# and what is sent at that very moment is not answered.
REST_SECONDS = 1.0


@dataclass
class Form:
    """A form as it stood on a page: where it goes, what it holds, what can be chosen."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.values or name in self.choices or name in self.texts

    def filled(self, entered: Mapping[str, str]) -> dict[str, str]:
        """What a browser sends: what the form held, and what was entered into it."""
        unknown = {name for name in entered if not self.has(name) and name not in self.buttons}
        if unknown:
            raise PageError(f"The form {self.action} has no {', '.join(sorted(unknown))}.")
        return {**self.values, **entered}


@dataclass
class Answer:
    """One of the responses to be ranked, as it stood on the page."""

    letter: str
    handle: str
    text: str


class PageError(Exception):
    """A page was not as a person needs it."""


@dataclass
class Page:
    """What a browser shows: the address it ended at, the status, forms and answers."""

    path: str
    status: int
    forms: list[Form]
    answers: list[Answer]
    return_url: str
    outcome: str
    query: str = ""

    def form(self, ending: str = "") -> Form:
        """The form whose address ends so; without an ending, the first one that sends."""
        for found in self.forms:
            if found.action.endswith(ending) and "interface-language" not in found.action:
                return found
        raise PageError(f"{self.path} has no form {ending} (status {self.status}).")

    def has_form(self, ending: str) -> bool:
        return any(found.action.endswith(ending) for found in self.forms)


class _Reader(HTMLParser):
    """Collects forms, answers and the return link of one page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[Form] = []
        self.answers: list[Answer] = []
        self.return_url = ""
        self.outcome = ""
        self._form: Form | None = None
        self._depth = 0  # inside the text of an answer
        self._aside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urlsplit(urljoin(self.url, given.get("action", ""))).path
            self._form = Form(action)
            if given.get("method", "get").lower() == "post":
                self.forms.append(self._form)
        if self._form is not None:
            self._note_control(self._form, tag, given)
        if "data-answer" in given:
            self.answers.append(Answer(given["data-letter"], given["data-handle"], ""))
        if self._depth:
            self._depth += tag not in {"br", "img", "input", "hr"}
            if tag in {"p", "li", "br"}:
                self._write("\n\n")
        elif self.answers and given.get("id") == f"text-{self.answers[-1].handle}":
            self._depth = 1
        self._aside = self._aside or "return-link" in given.get("class", "")
        if self._aside and tag == "a" and not self.return_url:
            self.return_url = given.get("href", "")
        self.outcome = given.get("data-outcome", self.outcome)

    def _note_control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if not name:
            return
        if tag == "textarea":
            form.texts.append(name)
        elif tag == "button":
            form.buttons.append(name)
        elif tag == "input" and kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.values[name] = given.get("value", "on")
        elif tag == "input" and kind != "submit":
            form.values[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "aside":
            self._aside = False
        if self._depth and tag not in {"br", "img", "input", "hr"}:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self._write(data)

    def _write(self, data: str) -> None:
        self.answers[-1].text += data


@dataclass
class Tally:
    """What the requests of one person took, and what went wrong on the way."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0  # the connection broke, or nobody listened: asked again
    failures: list[str] = field(default_factory=list)  # 5xx, each with its address


class Browser:
    """One window with its cookies. A request that is not answered is sent again, unchanged."""

    def __init__(self, site: str, tally: Tally, cookies: httpx.Cookies | None = None) -> None:
        self.tally = tally
        self.client = httpx.Client(
            base_url=site,
            cookies=cookies,
            timeout=60,
            trust_env=False,
            follow_redirects=True,
            limits=httpx.Limits(keepalive_expiry=REST_SECONDS),
        )

    def close(self) -> None:
        self.client.close()

    def get(self, address: str) -> Page:
        return self._open(lambda: self.client.get(address))

    def send(self, form: Form, entered: Mapping[str, str] | None = None, query: str = "") -> Page:
        """Sends a form. A reload of a page whose form has grown old is up to the caller."""
        data = form.filled(entered or {})
        headers = {"Referer": str(self.client.base_url) + form.action.lstrip("/")}
        address = form.action + (f"?{query}" if query else "")
        return self._open(lambda: self.client.post(address, data=data, headers=headers))

    def _open(self, ask: Callable[[], httpx.Response]) -> Page:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            started = time.monotonic()
            try:
                response = ask()
            except httpx.TransportError as error:
                self.tally.unanswered += 1
                if time.monotonic() > deadline:
                    raise PageError(f"The site does not answer: {error!r}.") from error
            else:
                self.tally.seconds.append(time.monotonic() - started)
                if response.status_code < 500:
                    return read_page(response)
                self.tally.failures.append(f"{response.status_code} {response.url.path}")
                if time.monotonic() > deadline:
                    raise PageError(f"{response.url.path} answers {response.status_code}.")
            time.sleep(PAUSE_SECONDS)


def read_page(response: httpx.Response) -> Page:
    reader = _Reader(str(response.url))
    reader.feed(response.text)
    return Page(
        path=response.url.path,
        status=response.status_code,
        forms=reader.forms,
        answers=reader.answers,
        return_url=reader.return_url,
        outcome=reader.outcome,
        query=response.url.query.decode(),
    )

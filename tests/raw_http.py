"""A person's browser with nothing in it but requests: real cookies, real tokens, real bytes."""

import html
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from annotation.models import Conversation, Participation, RecruitmentLink, Turn

Fields = Mapping[str, Any] | Sequence[tuple[str, str]]
TIMEOUT = 60.0


class RawPerson:
    """One person with one session on a running site. Redirects are not followed."""

    def __init__(self, address: str, link: RecruitmentLink) -> None:
        self.address = address
        self.link = link
        # Plain HTTP: nobody's certificates are read for it. Each request has a connection of its
        # own: one that rests for two seconds is closed by the site, maybe while it is used again.
        self.http = httpx.Client(
            base_url=address,
            timeout=TIMEOUT,
            verify=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def close(self) -> None:
        self.http.close()

    @property
    def participation(self) -> Participation:
        session = SessionStore(self.http.cookies["sessionid"])
        return Participation.objects.get(pk=session["participation"])

    @property
    def token(self) -> str:
        return self.http.cookies.get("csrftoken") or ""

    def twin(self) -> "RawPerson":
        """The same person in another tab: her cookies in a connection of its own."""
        twin = RawPerson(self.address, self.link)
        twin.http.cookies.update(self.http.cookies)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> "RawPerson":
        return self.twin()

    def get(self, path: str) -> httpx.Response:
        return self.http.get(path)

    def post(self, path: str, fields: Fields = (), **headers: str) -> httpx.Response:
        """A form with its token, as the page would send it."""
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        return self.post_raw(path, [*pairs, ("csrfmiddlewaretoken", self.token)], **headers)

    def post_raw(
        self, path: str, pairs: Sequence[tuple[str, str]], **headers: str
    ) -> httpx.Response:
        body = urlencode(pairs)
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return self.http.post(path, content=body.encode(), headers=sent)

    def enter(self, *, country: str = "US", language: str = "en") -> "RawPerson":
        """From the invitation's button to the page between conversations."""
        join = reverse("join", args=[self.link.key])
        page = self.get(join).text
        found = re.search(r'name="start_key" value="([^"]+)"', page)
        assert found, "the invitation has no button"
        self.post(join, {"start_key": found[1]})
        self.post(reverse("country"), {"country": country})
        locale = self.link.study.locales.get(country=country, language=language)
        self.post(reverse("language"), {"locale": str(locale.pk)})
        self.post(reverse("quota"), {"age": "41", "gender": "female"})
        purposes = self.link.study.consent_document.statements.values_list("purpose", flat=True)
        self.post(reverse("consent"), dict.fromkeys(purposes, "yes"))
        self.post(reverse("guidelines"))
        assert self.get(reverse("conversations")).status_code == 200
        return self

    def open(self) -> Conversation:
        """The next conversation, with its page looked at once."""
        answer = self.post(reverse("conversation-open"))
        public_id = answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]
        conversation = Conversation.objects.get(public_id=public_id)
        assert self.get(path_of(conversation)).status_code == 200
        return conversation


def path_of(conversation: Conversation, name: str = "conversation", *place: int) -> str:
    return reverse(name, args=[conversation.public_id, *place])


def handles(turn: Turn) -> list[str]:
    """In the order shown."""
    return [row.candidate.handle for row in turn.shown.select_related("candidate")]


def ranking_fields(turn: Turn) -> dict[str, str]:
    """A ranking that is taken: the first answer first."""
    return {
        "submission_key": str(uuid.uuid4()),
        **{f"place_{handle}": str(place) for place, handle in enumerate(handles(turn), start=1)},
        "acceptable": "yes",
        "represents": "no",
        "next_message": "" if turn.is_last else "And if that is not enough?",
    }


def text_of(answer: httpx.Response) -> str:
    """What a person reads: no tags, no entities, single spaces."""
    body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

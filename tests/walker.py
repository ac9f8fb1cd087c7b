"""An annotator over HTTP: fills the real forms of the real pages, as a browser would."""

import re
import uuid
from copy import deepcopy
from typing import Any, Self
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from annotation.models import Conversation, Participation, RecruitmentLink, Turn
from annotation.steps import open_conversation
from candidates.generation import complete_candidate_set

# Valid answers to the last questions of every locale.
CLOSING = {
    "education": "isced_6",
    "attention": "rarely",
    "politics": "5",
    "ethnicity": "prefer_not_to_say",
    "ai_help": "no",
}
# The test client's answers carry more than their declared type says.
Response = Any


class Walker:
    """One person with one browser. Methods return the last response."""

    def __init__(self, link: RecruitmentLink, *, country: str = "FR", language: str = "fr") -> None:
        self.client = Client()
        self.link = link
        self.country = country
        self.language = language

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """The same person in a browser of her own: neither meets what the other does there."""
        twin = type(self)(deepcopy(self.link, memo), country=self.country, language=self.language)
        twin.client.cookies = deepcopy(self.client.cookies, memo)
        return twin

    @property
    def participation(self) -> Participation:
        return Participation.objects.get(pk=self.client.session["participation"])

    def post(self, name: str, data: dict[str, Any] | None = None, *args: Any) -> Response:
        return self.client.post(reverse(name, args=args), data or {}, follow=True)

    def join(self, external_id: str = "", **data: str) -> Response:
        """Presses the invitation's button; a recruitment id comes by the address, as it does."""
        query = "?" + urlencode({"pid": external_id}) if external_id else ""
        return self.client.post(reverse("join", args=[self.link.key]) + query, data, follow=True)

    def choose(self) -> Response:
        """Joins, and says where she lives and in which language she works."""
        self.join()
        self.post("country", {"country": self.country})
        locale = self.link.study.locales.get(country=self.country, language=self.language)
        return self.post("language", {"locale": locale.pk})

    def screen(self, **answers: str) -> Response:
        return self.post("quota", {"age": "41", "gender": "female"} | answers)

    def consent(self, decision: str = "yes") -> Response:
        purposes = self.link.study.consent_document.statements.values_list("purpose", flat=True)
        return self.post("consent", dict.fromkeys(purposes, decision))

    def practise(self) -> Response:
        """The practice item with the right answer at once, and on."""
        item = self.link.study.practice
        right = [option["correct"] for option in item["options"]].index(True)
        places = {f"place_{letter}": "1" for letter in "ABCDEFGH"[: len(item["answers"])]}
        self.post("practice", places | {"option": str(right), "attempt": "1"})
        return self.post("practice")

    def enter(self) -> Response:
        """From the join link to the page between conversations."""
        self.choose()
        self.screen()
        self.consent()
        page = self.post("guidelines")
        return self.practise() if self.link.study.practice else page

    def open(self) -> Conversation:
        self.post("conversation-open")
        conversation = open_conversation(self.participation)
        assert conversation is not None
        return conversation

    def open_kind(self, kind: str) -> Conversation:
        """Skips conversations until one of the wanted kind is open."""
        while (conversation := self.open()).kind != kind:
            self.post("conversation-skip", {}, conversation.public_id)
        return conversation

    def page(self, conversation: Conversation) -> Response:
        return self.client.get(reverse("conversation", args=[conversation.public_id]))

    def current_turn(self, conversation: Conversation) -> Turn:
        return conversation.turns.order_by("-position")[0]

    def ranking_data(self, turn: Turn, places: list[int] | None = None) -> dict[str, Any]:
        """A valid submission in the turn's mode; `places` are by displayed position.

        The first place is the best and gets the highest score, the last one is the worst.
        """
        handles = [row.candidate.handle for row in turn.shown.select_related("candidate")]
        places = places or list(range(1, len(handles) + 1))
        by_handle = dict(zip(handles, places, strict=True))
        ends = {"best": min(handles, key=by_handle.__getitem__),
                "worst": max(handles, key=by_handle.__getitem__)}  # fmt: skip
        judged: dict[str, dict[str, str]] = {
            "ranking": {f"place_{h}": str(p) for h, p in by_handle.items()},
            "rating": {f"score_{h}": str(100 - 10 * p) for h, p in by_handle.items()},
            "best": {"best": ends["best"]},
            "best_worst": ends,
        }
        return {
            "submission_key": str(uuid.uuid4()),
            **judged[turn.mode],
            "acceptable": "yes",
            "represents": "no",
            "next_message": "Et si cela ne suffit pas ?",
        }

    def rank(self, turn: Turn, places: list[int] | None = None, **changes: Any) -> Response:
        self.page(turn.conversation)
        data = self.ranking_data(turn, places) | changes
        return self.post("ranking-submit", data, turn.conversation.public_id, turn.position)

    def explain(self, turn: Turn, text: str = "Plus humain.") -> Response:
        return self.post(
            "explanation-submit", {"text": text}, turn.conversation.public_id, turn.position
        )

    def finish_conversation(self, conversation: Conversation) -> None:
        """Plays every turn; live sets are generated in this process, over HTTP."""
        if conversation.kind == "own":
            data = {"message": "Comment vivre avec moins ?"}
            self.post("own-prompt-write", data, conversation.public_id)
        for _position in range(conversation.planned_turns):
            turn = self.current_turn(conversation)
            complete_candidate_set(turn.candidate_set_id)
            self.rank(turn)
            self.explain(turn)
        conversation.refresh_from_db()

    def finish(self) -> Response:
        """The whole rest of the study; returns the page with the completion code."""
        while "conversations" in self.here():
            self.post("conversation-open")
            conversation = open_conversation(self.participation)
            if conversation:  # else the pool had nothing left, and the plan is done
                self.finish_conversation(conversation)
        return self.post(
            "closing",
            CLOSING,
        )

    def here(self) -> str:
        """The path of the page where she stands."""
        response = self.client.get(reverse("here"), follow=True)
        return str(response.request["PATH_INFO"])


def entered(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    return walker


def finished(link: RecruitmentLink) -> Walker:
    walker = entered(link)
    walker.finish()
    return walker


def code_on(response: Response) -> str:
    found = re.search(r"data-completion-code>([A-Z2-9]+)<", response.content.decode())
    assert found, "no completion code on the page"
    return found[1]

"""Every page an annotator can meet, reached the way people reach it.

An explorer walks through a study over HTTP and has each answer of the site looked at,
refusals included, so that checks of whole pages see all of them.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from annotation.models import (
    Conversation,
    Flag,
    Outcome,
    Participation,
    RecruitmentLink,
    Study,
    Turn,
)
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from tests.walker import CLOSING, Walker

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATES = ROOT / "templates" / "annotation"
FRAMES = {"page"}  # extended by pages, never shown themselves
TROUBLED = {
    "en": "I want to kill myself",
    "fr": "Je veux me suicider",
    "it": "Voglio uccidermi",
    "pt-br": "Quero me matar",
    "hi": "मैं आत्महत्या करना चाहता हूँ",
}
# Address and content of a page, under a name that tells its state.
Look = Callable[[str, str, str], None]


def page_templates() -> set[str]:
    """The names of the templates that make whole pages."""
    return {path.stem for path in TEMPLATES.glob("*.html")} - FRAMES


class Explorer(Walker):
    """A walker that has each page it comes to looked at, once for each state."""

    def __init__(self, link: RecruitmentLink, *, country: str, language: str, look: Look) -> None:
        super().__init__(link, country=country, language=language)
        self.client.cookies["django_language"] = language
        self.look = look
        self.met: set[str] = set()

    def post(self, name: str, data: dict[str, Any] | None = None, *args: Any) -> Any:
        return self.meet(super().post(name, data, *args))

    def get(self, name: str, *args: Any, query: str = "") -> Any:
        return self.meet(self.client.get(reverse(name, args=args) + query, follow=True))

    def meet(self, response: Any) -> Any:
        """Has the page of a response looked at, where it is new."""
        whole = [
            name.removeprefix("annotation/").removesuffix(".html")
            for template in response.templates or []
            if (name := template.name or "").startswith("annotation/") and "/partials/" not in name
        ]
        if whole and (name := self._state(whole[0], response)) not in self.met:
            self.met.add(name)
            self.look(name, response.request["PATH_INFO"], response.content.decode())
        return response

    @staticmethod
    def _state(template: str, response: Any) -> str:
        """The template, and what it says on this page."""
        parts = [template]
        if response.status_code != 200:
            parts.append(str(response.status_code))
        for key in ("step", "turn", "farewell", "instrument", "busy", "withdrawn"):
            value = (response.context or {}).get(key)
            if key == "turn" and value:
                value = value.mode
            if value:
                parts.append(re.sub(r"\W+", "_", str(getattr(value, "outcome", value))))
        return "-".join(parts)


def visit_everything(explorer: Explorer) -> None:
    """One person's way through the whole study, with every wrong turn."""
    before_joining(explorer)
    as_far_as_the_conversations(explorer)
    through_conversations(explorer)
    to_the_end(explorer)
    rights_and_notes(explorer)


def before_joining(explorer: Explorer) -> None:
    link = explorer.link
    explorer.get("join", link.key)
    explorer.get("no-session")
    explorer.get("come-back", "nobody:signed-this")
    explorer.get("help-desk")
    explorer.meet(explorer.join(external_id="x" * 201))
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["django_language"] = explorer.language
    explorer.meet(strict.post(reverse("join", args=[link.key])))
    links = RecruitmentLink.objects.filter(pk=link.pk)
    links.update(convention="cloudresearch")
    explorer.get("join", link.key, query="?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    links.update(convention="plain", signed_entry=True)
    explorer.get("join", link.key)
    links.update(signed_entry=False)


def as_far_as_the_conversations(explorer: Explorer) -> None:
    explorer.meet(explorer.join())
    explorer.get("join", explorer.link.key)
    explorer.get("come-back", explorer.participation.return_token)
    explorer.post("country")
    explorer.post("country", {"country": explorer.country})
    studies = Study.objects.filter(pk=explorer.link.study_id)
    studies.update(soft_launch=0, closes_on="2099-12-31")
    explorer.get("here")
    studies.update(soft_launch=None, closes_on=None)
    locale = explorer.link.study.locales.get(country=explorer.country, language=explorer.language)
    explorer.post("language", {"locale": locale.pk})
    explorer.post("quota")
    explorer.screen()
    explorer.post("consent")
    explorer.consent("no")
    explorer.post("declined")
    explorer.screen()
    explorer.consent()
    explorer.post("guidelines")
    practice_with_mistakes(explorer)


def practice_with_mistakes(explorer: Explorer) -> None:
    item = explorer.link.study.practice
    wrong = [option["correct"] for option in item["options"]].index(False)
    places = {f"place_{letter}": "1" for letter in "ABCDEFGH"[: len(item["answers"])]}
    explorer.post("practice", {"attempt": "1"})
    for attempt in ("1", "2"):
        explorer.post("practice", places | {"option": str(wrong), "attempt": attempt})
    explorer.get("practice")
    explorer.post("practice")


def through_conversations(explorer: Explorer) -> None:
    """A pool conversation with a turn of each mode, and one that she opens herself."""
    ways = {"pool": through_pool, "own": open_her_own}
    while ways:
        conversation = explorer.open()
        if conversation.kind in ways:
            ways.pop(conversation.kind)(explorer, conversation)
        else:
            explorer.post("conversation-skip", {}, conversation.public_id)


def through_pool(explorer: Explorer, conversation: Conversation) -> None:
    place = conversation.public_id
    for position in range(1, conversation.planned_turns + 1):
        turn = explorer.current_turn(conversation)
        if position == 2:
            failing(explorer, turn)
        complete_candidate_set(turn.candidate_set_id)
        explorer.get("conversation", place)
        explorer.post("problem-report", {}, place, position)
        explorer.post("ranking-submit", {}, place, position)
        explorer.rank(turn)
        explorer.explain(turn, "A > B")


def open_her_own(explorer: Explorer, conversation: Conversation) -> None:
    place = conversation.public_id
    explorer.get("conversation", place)
    for message in ("", "a@example.org", TROUBLED[explorer.language]):
        explorer.post("own-prompt-write", {"message": message}, place)


def failing(explorer: Explorer, turn: Turn) -> None:
    explorer.get("conversation", turn.conversation.public_id)
    sets = CandidateSet.objects.filter(pk=turn.candidate_set_id)
    sets.update(status=CandidateSet.Status.FAILED)
    explorer.get("conversation", turn.conversation.public_id)
    sets.update(status=CandidateSet.Status.PENDING)


def to_the_end(explorer: Explorer) -> None:
    studies = Study.objects.filter(pk=explorer.link.study_id)
    studies.update(daily_cap=1, closes_on="2099-12-31")
    explorer.get("conversations")
    studies.update(daily_cap=None)
    explorer.get("conversations")
    explorer.get("conversations", query="?busy")
    explorer.post("conversation-open", {"finish": "1"})
    while "conversations" in explorer.here():
        explorer.post("conversation-skip", {}, explorer.open().public_id)
    explorer.get("closing")
    explorer.post("closing")
    explorer.post("closing", CLOSING)
    people = Participation.objects.filter(pk=explorer.participation.pk)
    for outcome in Outcome.values:
        people.update(outcome=outcome)
        explorer.get("finish")
    people.update(outcome=Outcome.COMPLETE)


def rights_and_notes(explorer: Explorer) -> None:
    evidence = {"turns": 8, "fast": 6, "share": 0.9, "chosen": 12, "letter": "A"}
    person = explorer.participation
    Flag.objects.filter(participation=person).delete()
    Flag.objects.create(
        participation=person, kind=Flag.Kind.DUPLICATE, evidence={"same_address": 2}
    )
    Flag.objects.create(participation=person, kind=Flag.Kind.COMPREHENSION, evidence=evidence)
    explorer.get("signals")
    explorer.get("help-desk")
    explorer.post("help-desk")
    explorer.get("your-data")
    explorer.get("withdraw")
    explorer.post("withdraw")
    explorer.get("your-data")
    explorer.get("receipt")

"""SQL statements of each page and each act, held against a file that is committed.

A rise is explained in the commit that makes it; a fall is written down too, so that the file
says what is. `PLURIVOX_WRITE_QUERY_COUNTS=1 ./run test tests/test_query_counts.py` rewrites it.
Transaction marks are not counted. What the process keeps between requests has been read once.
"""

import json
import os
from collections.abc import Callable
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from annotation.models import Conversation, RecruitmentLink, Study
from annotation.steps.participation import open_conversation
from candidates.generation import complete_candidate_set
from insights.health import parts
from insights.watch.page import PANELS
from tests.walker import Walker

FILE = Path(__file__).parent / "query_counts.json"
STATEMENTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def count(act: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum(query["sql"].startswith(STATEMENTS) for query in captured.captured_queries)


def walk(link: RecruitmentLink) -> dict[str, int]:
    """One person's way, a request at a time; what each cost."""
    person = Walker(link)
    client, counts = person.client, {}
    counts["invitation page"] = count(lambda: client.get(reverse("join", args=[link.key])))
    person.enter()
    counts["page between conversations"] = count(lambda: client.get(reverse("conversations")))
    conversation, counts["open a conversation of the pool"] = open_pool(person)
    page = reverse("conversation", args=[conversation.public_id])
    counts["conversation page, first look"] = count(lambda: client.get(page))
    counts["conversation page, again"] = count(lambda: client.get(page))
    turn = person.current_turn(conversation)
    submit = reverse("ranking-submit", args=[conversation.public_id, 1])
    data = person.ranking_data(turn)
    draft = {"key": submit, "fields": {"reason": "Plus humain."}, "revision": 0}
    counts["save a draft"] = count(lambda: _send(client, "draft-save", draft))
    counts["submit a ranking, with the next message"] = count(lambda: client.post(submit, data))
    counts["submit a ranking a second time"] = count(lambda: client.post(submit, data))
    counts["page that asks for an explanation"] = count(lambda: client.get(page))
    explanation = reverse("explanation-submit", args=[conversation.public_id, 1])
    counts["submit an explanation"] = count(lambda: client.post(explanation, {"text": "Oui."}))
    waiting = reverse("next-answers", args=[conversation.public_id])
    counts["wait for the next answers"] = count(lambda: client.get(waiting))
    for position in range(2, conversation.planned_turns + 1):
        turn = person.current_turn(conversation)
        complete_candidate_set(turn.candidate_set_id)
        client.get(page)
        submit = reverse("ranking-submit", args=[conversation.public_id, position])
        data = person.ranking_data(turn)
        last = count(partial(client.post, submit, data))
        person.explain(turn)
    counts["submit the ranking of a last turn"] = last
    return counts


def open_pool(person: Walker, **headers: str) -> tuple[Conversation, int]:
    """Skips what is not of the pool; a conversation of it, and what opening it cost."""
    while True:
        cost = count(lambda: person.client.post(reverse("conversation-open"), headers=headers))
        opened = open_conversation(person.participation)
        assert opened is not None
        if opened.kind == Conversation.Kind.POOL:
            return opened, cost
        person.client.post(reverse("conversation-skip", args=[opened.public_id]))


def walk_by_script(link: RecruitmentLink) -> dict[str, int]:
    person = Walker(link)
    person.enter()
    _conversation, cost = open_pool(person, **{"HX-Request": "true"})
    return {"open a conversation of the pool and show it": cost}


def walk_of_her_own(link: RecruitmentLink) -> dict[str, int]:
    person = Walker(link)
    person.enter()
    conversation = person.open_kind("own")
    page = reverse("conversation", args=[conversation.public_id])
    write = reverse("own-prompt-write", args=[conversation.public_id])
    message = {"message": "Comment vivre avec moins ?"}
    return {
        "page of an own conversation": count(lambda: person.client.get(page)),
        "send the first message": count(lambda: person.client.post(write, message)),
        "skip a conversation": count(
            lambda: person.client.post(reverse("conversation-skip", args=[conversation.public_id]))
        ),
        "your data": count(lambda: person.client.get(reverse("your-data"))),
    }


def watch(study: Study) -> dict[str, int]:
    """The page on which a study is watched, and each panel that it asks for again. The page's
    own statements are those that all panels together do not explain."""
    client = Client()
    client.force_login(User.objects.create_superuser("watcher"))
    page = reverse("study-watch", args=[study.key])
    counts = {}
    for _time in range(2):  # the first reads what a process reads once
        cache.clear()
        counts = {"watch page": count(lambda: client.get(page))}
        for panel in PANELS:
            cache.clear()
            address = reverse("study-watch-panel", args=[study.key, panel.name])
            counts[f"watch panel {panel.name}"] = count(partial(client.get, address))
    return counts


def decide(study: Study) -> dict[str, int]:
    """The pages on which the desk decides."""
    client = Client()
    client.force_login(User.objects.create_superuser("decides"))
    pages = ("review", "left-out", "prompts", "help", "audit")
    addresses = {name: reverse(f"study-{name}", args=[study.key]) for name in pages}
    for address in addresses.values():  # what a process reads once
        client.get(address)
    return {
        f"{name} page of a study": count(partial(client.get, address))
        for name, address in addresses.items()
    }


def _send(client: Any, name: str, data: dict[str, Any]) -> Any:
    answer = client.post(reverse(name), json.dumps(data), content_type="application/json")
    assert answer.status_code == 200, answer.content
    return answer


def test_every_page_and_act_costs_the_statements_that_are_written_down(
    study: Study, link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kept in ("FRESH_SECONDS", "LINE_SECONDS"):  # on a slow machine they would be over midway
        monkeypatch.setattr(parts, kept, inf)
    walk(link)  # so that nothing is counted that only a process's first request reads
    counts = walk(link) | walk_by_script(link) | walk_of_her_own(link) | watch(study)
    counts |= decide(study)
    if os.environ.get("PLURIVOX_WRITE_QUERY_COUNTS"):
        FILE.write_text(json.dumps(counts, indent=2, ensure_ascii=False) + "\n")
    assert counts == json.loads(FILE.read_text())

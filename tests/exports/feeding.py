"""A vendor's reader of the change feed."""

import json
from collections.abc import Sequence
from typing import Any

from django.test import Client
from django.urls import reverse

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import RecruitmentLink, Study
from candidates.generation import complete_candidate_set
from exports.actions.tokens import create_token
from exports.formats.comparisons import FORMAT
from tests.definitions import small_definition

Item = dict[str, Any]


def make_short_study() -> Study:
    """One pool conversation of two turns a person, in French; its set is ready."""
    definition = small_definition(
        prompts=1, target=4, pool_conversations=1, own_conversations=0, turn_lengths={"2": 1}
    )
    locales = definition["study"]["locales"]
    definition["study"]["locales"] = [item for item in locales if item["country"] == "FR"]
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    return study


def token_for(link: RecruitmentLink, *, fields: Sequence[str] = FORMAT.names) -> str:
    return create_token(vendor=link.vendor, study=link.study, name="feed", fields=list(fields))


def ask(token: str, *, lines: bool = False, **query: Any) -> Any:
    accept = "application/x-ndjson" if lines else "application/json"
    headers = {"Authorization": f"Bearer {token}", "Accept": accept}
    return Client().get(reverse("changes"), query, headers=headers)


def body_of(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content) if response.streaming else response.content


def read(token: str, cursor: str = "") -> list[Item]:
    """Everything after a cursor, as lines."""
    query = {"cursor": cursor} if cursor else {}
    return [json.loads(line) for line in body_of(ask(token, lines=True, **query)).splitlines()]


def page(token: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body_of(ask(token, **query)))
    return found


def kinds(items: Sequence[Item]) -> list[str]:
    return [item["kind"] for item in items]

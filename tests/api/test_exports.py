"""Exports over the API: asked for once, looked at, listed."""

from pathlib import Path
from typing import Any

import pytest
import pytest_django

from annotation.actions.withdrawal import withdraw
from annotation.models import RecruitmentLink
from exports.files.jobs import expire
from exports.models import Access, Export, State
from tests.api.conftest import Program
from tests.api.files import ask, export_of, finish
from tests.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: pytest_django.Settings, tmp_path: Path) -> Path:
    settings.EXPORTS_DIR = tmp_path
    return tmp_path


def test_asking_gives_a_place_to_ask_again(data: Program) -> None:
    response = ask(data, variant="filtered", times="day")
    assert response.status_code == 202
    assert int(response["Retry-After"]) > 0
    state = data.get(response["Location"])
    assert state.json() == response.json()
    assert int(state["Retry-After"]) > 0
    assert state.json() | {"id": "", "url": "", "requested_at": ""} == {
        **{"id": "", "url": "", "requested_at": "", "state": "queued", "error": ""},
        **{"format": "comparisons", "container": "csv", "variant": "filtered", "times": "day"},
        **{"data_until": None, "finished_at": None, "rows": None, "size": None, "sha256": ""},
        "plan_hash": "",
        "download": None,
        "readme": None,
    }
    export = export_of(response)
    assert (export.study, export.vendor, export.token) == (data.study, data.vendor, data.token)


def test_the_same_request_finds_the_export_that_waits(data: Program) -> None:
    first, again, other = ask(data), ask(data), ask(data, times="week")
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]
    assert Export.objects.count() == 2


def test_a_key_gives_the_same_export_even_when_it_is_made(data: Program, folder: Path) -> None:
    key = {"Idempotency-Key": "a1"}
    body = {"format": "comparisons", "container": "csv"}
    first = data.post("exports/", body, key)
    finish(export_of(first), folder)
    again = data.post("exports/", body, key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first["Location"] == again["Location"]
    assert again.json()["state"] == "ready"
    other = data.post("exports/", {**body, "container": "jsonl"}, key)
    assert other.status_code == 422
    assert other.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_whose_file_was_deleted_says_to_use_a_new_one(
    data: Program, link: RecruitmentLink, folder: Path
) -> None:
    body = {"format": "comparisons", "container": "csv"}
    walker = Walker(link)
    walker.enter()
    first = data.post("exports/", body, {"Idempotency-Key": "a1"})
    finish(export_of(first), folder)
    withdraw(participation=walker.participation)

    def ask_again(key: str) -> Any:
        return data.post("exports/", body, {"Idempotency-Key": key})

    before_it_is_deleted = ask_again("a1")
    assert expire() == 1
    after = ask_again("a1")
    for answer in (before_it_is_deleted, after):
        assert answer.status_code == 410
        assert answer["Content-Type"] == "application/problem+json"
        assert "new key" in answer.json()["detail"]
    assert data.get(first["Location"]).json()["state"] == "gone"
    other = ask_again("a2")
    assert other.status_code == 202 and other["Location"] != first["Location"]


def test_a_key_belongs_to_one_token(data: Program, link: RecruitmentLink) -> None:
    key = {"Idempotency-Key": "a1"}
    body = {"format": "comparisons", "container": "csv"}
    mine, theirs = data.post("exports/", body, key), Program(link).post("exports/", body, key)
    assert mine.json()["id"] != theirs.json()["id"]


def test_a_ready_export_says_what_its_file_is(data: Program, folder: Path) -> None:
    export = finish(export_of(ask(data)), folder)
    state = data.get(f"exports/{export.public_id}/")
    assert "Retry-After" not in state
    found = state.json()
    assert (found["state"], found["rows"], found["size"]) == ("ready", 7, export.size)
    assert found["sha256"] == export.sha256
    assert f"/exports/{export.public_id}/file/?expires=" in found["download"]


def test_the_text_beside_a_file_is_for_its_token_alone_and_once_it_is_ready(
    data: Program, link: RecruitmentLink, folder: Path
) -> None:
    export = export_of(ask(data))
    address = f"exports/{export.public_id}/readme/"
    assert data.get(address).status_code == 404
    finish(export, folder)
    told = data.get(data.get(f"exports/{export.public_id}/").json()["readme"])
    assert told["Content-Type"] == "text/markdown; charset=utf-8"
    assert told.text.startswith("# Comparisons, from the study") and "**Not applied.**" in told.text
    assert Program(link).get(address).status_code == 404
    assert Program(link, Access.PEOPLE).get(address).status_code == 403


def test_a_failed_export_says_why(data: Program) -> None:
    export = export_of(ask(data))
    Export.objects.update(state=State.FAILED, error="The disk is full.")
    found = data.get(f"exports/{export.public_id}/").json()
    assert (found["state"], found["error"], found["download"]) == (
        "failed",
        "The disk is full.",
        None,
    )


def test_pages_of_exports_hold_each_of_them_once_newest_first(data: Program) -> None:
    for times in ("day", "week", "month", "none"):
        ask(data, times=times)
    found, address = [], "exports/?limit=2"
    while address:
        page = data.get(address).json()
        assert len(page["items"]) <= 2
        found += [item["times"] for item in page["items"]]
        address = page["next"]
    assert found == ["none", "month", "week", "day"]


@pytest.mark.parametrize(
    "query", ["after=nobody", "limit=0", "limit=1001", "limit=x", "page=2", "after=%00"]
)
def test_a_page_that_cannot_be_is_refused(data: Program, query: str) -> None:
    response = data.get(f"exports/?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def test_another_token_of_the_same_vendor_does_not_see_them(
    data: Program, link: RecruitmentLink
) -> None:
    export = export_of(ask(data))
    other = Program(link, fields=["turn"])
    assert other.get("exports/").json()["items"] == []
    assert other.get(f"exports/{export.public_id}/").status_code == 404


def test_formats_say_their_columns_and_which_the_token_carries(link: RecruitmentLink) -> None:
    items = Program(link, fields=["turn"]).get("formats/").json()["items"]
    [columns] = [item["columns"] for item in items if item["name"] == "comparisons"]
    assert {column["name"] for column in columns if column["filled"]} == {"turn"}
    assert all(column["meaning"] and column["type"] for column in columns)

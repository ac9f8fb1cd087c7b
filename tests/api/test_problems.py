"""Every error of the API is a problem: one sentence, no internals, the right headers."""

from typing import Any

import pytest
from django.test import Client

from annotation.models import RecruitmentLink
from exports.models import Access, ApiToken
from tests.api.conftest import Program, Response

pytestmark = pytest.mark.django_db


def assert_problem(response: Response, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert found["type"] == "about:blank"
    assert found["status"] == status
    assert found["title"] and found["detail"].endswith(".")
    assert "Traceback" not in response.text and "django" not in response.text.lower()
    return found


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer plv_wrong", "Bearer é", "Basic eDp5"])
def test_without_a_good_token_there_is_nothing(header: str) -> None:
    response = Client().get("/api/v1/studies/", headers={"Authorization": header})
    said = assert_problem(response, 401)["detail"]
    assert "Authorization: Bearer plv_…" in said or "was revoked" in said
    assert response["WWW-Authenticate"] == "Bearer"


def test_each_token_opens_data_or_people_and_says_which(data: Program, people: Program) -> None:
    assert "People have a token" in assert_problem(data.get("people/"), 403)["detail"]
    for path in ("studies/", "exports/", "formats/", "exports/community-alignment.csv"):
        assert "Data have a token" in assert_problem(people.get(path), 403)["detail"]


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v2/", "/api/v1/nothing/", "/api/v1/studies", "/api/v1/exports/a b/"]
)
@pytest.mark.parametrize("method", ["get", "post", "put", "options"])
def test_unknown_addresses_are_problems_for_every_method(path: str, method: str) -> None:
    assert_problem(getattr(Client(), method)(path), 404)


def test_a_method_that_is_not_there_names_those_that_are(data: Program) -> None:
    response = data.client.delete("/api/v1/exports/", headers=data.headers)
    assert "Allow names" in assert_problem(response, 405)["detail"]
    assert response["Allow"] == "GET, HEAD, POST"
    assert_problem(data.client.options("/api/v1/exports/", headers=data.headers), 405)


def test_other_types_are_neither_sent_nor_read(data: Program) -> None:
    asked = data.get("studies/", {"Accept": "text/html"})
    assert "ask for application/json" in assert_problem(asked, 406)["detail"]
    sent = data.post("exports/", "a,b", content_type="text/csv")
    assert "Content-Type: application/json" in assert_problem(sent, 415)["detail"]


def test_a_body_that_is_no_json_or_far_too_large_is_refused(data: Program) -> None:
    assert_problem(data.post("exports/", "{", content_type="application/json"), 400)
    assert_problem(data.post("exports/", {"format": "x" * 2_000_000}), 413)


@pytest.mark.parametrize(
    "body",
    [
        r'{"format": "comparisons", "container": "\ud800"}',
        r'{"format": "comparisons", "container": "csv", "\udfff": 1}',
        r'{"format": ["\ud800"], "container": "csv"}',
    ],
)
def test_half_a_character_is_refused_wherever_it_stands(data: Program, body: str) -> None:
    response = data.post("exports/", body, content_type="application/json")
    assert "half a character" in assert_problem(response, 400)["detail"]
    whole = body.replace(r"\ud800", r"\ud83d\ude00").replace(r"\udfff", r"\ud83d\ude00")
    response = data.post("exports/", whole, content_type="application/json")
    assert "😀" in response.text or assert_problem(response, 422)


def test_a_body_that_is_nested_without_end_is_no_json(data: Program) -> None:
    response = data.post("exports/", "[" * 100_000, content_type="application/json")
    assert_problem(response, 400)


@pytest.mark.parametrize(
    ("sent", "field", "word"),
    [
        ({"container": "csv"}, "format", "required"),
        ({"format": "nonsense", "container": "csv"}, "format", "no such format"),
        ({"format": "comparisons", "container": "zip"}, "container", "use one of csv, jsonl,"),
        ({"format": "comparisons", "container": "csv", "varient": "full"}, "varient", "no such"),
        ({"format": "compar\u0000", "container": "csv"}, "format", "Null"),
        ([], "", "Invalid data"),
    ],
)
def test_what_is_wrong_in_a_request_is_named(
    data: Program, sent: Any, field: str, word: str
) -> None:
    [fault] = assert_problem(data.post("exports/", sent), 422)["errors"]
    assert fault["field"] == field
    assert word in fault["detail"]


def test_a_fault_of_ours_tells_nothing_about_it(data: Program) -> None:
    ApiToken.objects.update(fields=5)  # no list: the program stumbles over it
    found = assert_problem(data.get("formats/"), 500)
    assert found["detail"] == "Something went wrong on our side. It is noted; try again later."


def test_a_fault_before_any_view_is_a_problem_too(link: RecruitmentLink) -> None:
    response = Client(headers={"Host": "elsewhere.example"}).get("/api/v1/studies/")
    assert_problem(response, 400)
    page = Client(headers={"Host": "elsewhere.example"}).get("/healthy")
    assert page["Content-Type"].startswith("text/html")


def test_programs_are_answered_in_english_and_nothing_is_kept(link: RecruitmentLink) -> None:
    program = Program(link, Access.DATA)
    response = program.post("exports/", {"container": "csv"}, {"Accept-Language": "fr"})
    assert "required" in assert_problem(response, 422)["detail"]
    assert response["Content-Language"] == "en"
    assert response["Cache-Control"] == "no-store"

"""The API is what its description says: nothing undocumented, and nothing that falls over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_django
import schemathesis
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis import checks as check_sets  # noqa: F401  registers the checks
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from annotation.models import RecruitmentLink
from config.wsgi import application
from exports.models import Access
from tests.api.conftest import Program
from tests.api.files import ask, export_of, finish
from tests.api.test_isolation import opened_by

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yaml"
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
EXAMPLES = 30  # of each method at each address, for each token, good and bad


def described() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return found


def test_the_committed_description_is_the_codes(tmp_path: Path) -> None:
    call_command("spectacular", "--file", str(tmp_path / "openapi.yaml"), "--validate")
    assert FILE.read_text("utf-8") == (tmp_path / "openapi.yaml").read_text("utf-8"), (
        "Run: .venv/bin/python manage.py spectacular --validate --file docs/openapi.yaml"
    )


def test_it_is_valid_openapi_31_and_says_every_problem() -> None:
    schema = described()
    validate_schema(schema)  # type: ignore[no-untyped-call]
    assert schema["openapi"].startswith("3.1")
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if int(status) >= 400:
                    assert list(content) == ["application/problem+json"], (path, method, status)
            wanted = {"403", "429", "500"} | ({"401"} if operation.get("security") else set())
            assert wanted <= set(operation["responses"]), (path, method)


def test_it_is_served_to_everybody(client: Client) -> None:
    response = client.get(reverse("api-openapi"))
    assert response.status_code == 200
    assert (
        yaml.safe_load(response.text)["paths"] == yaml.safe_load(FILE.read_text("utf-8"))["paths"]
    )


def test_the_page_shows_every_address_and_shape_without_a_script(client: Client) -> None:
    page = client.get("/api/v1/", follow=True)
    assert page.redirect_chain == [("/api/docs/", 302)]
    text = page.text
    schema = described()
    for path, methods in schema["paths"].items():
        assert f"<code>{path}</code>" in text
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
    for name in schema["components"]["schemas"]:
        assert f'id="{name}"' in text or "Enum" in name
    assert "<script" not in text and "style=" not in text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("access", [Access.DATA, Access.PEOPLE])
def test_whatever_is_sent_is_answered_as_described(
    link: RecruitmentLink, settings: pytest_django.Settings, tmp_path: Path, access: Access
) -> None:
    settings.EXPORTS_DIR, settings.API_REQUESTS_PER_MINUTE = tmp_path, 10**6
    settings.API_FAILURES_PER_MINUTE = 10**6
    program, real = Program(link, access), real_values(link, tmp_path)
    if access == Access.DATA:
        real = {**real, "address": file_address(program, tmp_path)}
    schema = schemathesis.openapi.from_dict(described())
    schema.app = application
    for found in schema.get_all_operations():
        operation, answers = found.ok(), set[int]()  # type: ignore[union-attr]
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            probe(operation, mode, program, real, answers)()
        if opened_by(operation.path) == access:  # else nothing but refusals was looked at
            assert answers & {200, 202}, operation.label


def real_values(link: RecruitmentLink, folder: Path) -> dict[str, str]:
    people = Program(link, Access.PEOPLE)
    people.post("people/", {"ids": ["p1"]})
    return {"study_key": link.study.key, "person_id": "p1"}


def file_address(program: Program, folder: Path) -> str:
    export = finish(export_of(ask(program)), folder)
    address: str = program.get(f"exports/{export.public_id}/").json()["download"]
    return address


def probe(
    operation: Any,
    mode: GenerationMode,
    program: Program,
    real: dict[str, str],
    answers: set[int],
) -> Callable[[], None]:
    """Sends many requests to one address; half of those that name something name what is."""
    address = urlsplit(real.get("address", ""))
    known = {**real, "export_id": address.path.rstrip("/").split("/")[-2:][0]}

    @given(case=operation.as_strategy(generation_mode=mode), names_real=st.booleans())
    @examples(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, names_real: bool) -> None:
        if names_real:
            case.path_parameters = {name: known[name] for name in case.path_parameters or {}}
        if names_real and case.path.endswith("/file/"):
            case.query = dict(parse_qsl(address.query))
        if names_real and isinstance(case.body, dict):
            said = {"format": "comparisons", "ids": ["p1", "p2"], "link": ""}
            case.body |= {name: said[name] for name in case.body if name in said}
        plain = program.headers | {"Accept-Encoding": "identity"}
        answers.add(case.call_and_validate(headers=plain, checks=CHECKS).status_code)

    return send

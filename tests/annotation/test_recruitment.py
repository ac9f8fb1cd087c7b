"""How services send people and how addresses are signed: the pure part of recruitment."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import new_public_id
from annotation.recruitment.conventions import check_link, fill_exit, read_arrival, sign

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "recruitment.md"


# -- What an address says


@pytest.mark.parametrize(
    ("convention", "query", "external_id", "details"),
    [
        (
            "prolific",
            "PROLIFIC_PID=5f2a&STUDY_ID=s1&SESSION_ID=x9",
            "5f2a",
            {"STUDY_ID": "s1", "SESSION_ID": "x9"},
        ),
        (
            "cloudresearch",
            "participantId=P1&assignmentId=A1&projectId=J1",
            "P1",
            {"assignmentId": "A1", "projectId": "J1"},
        ),
        (
            "cloudresearch",
            "workerId=W1&assignmentId=A1&hitId=H1",
            "W1",
            {"assignmentId": "A1", "hitId": "H1"},
        ),
        ("panel", "pid=p%2F7%20a&STUDY_ID=s1", "p/7 a", {}),
        ("prolific", "pid=p7", "", {}),
        ("panel", "PROLIFIC_PID=5f2a", "", {}),
        *(
            ("plain", f"{name}=5f2a", "5f2a", {})
            for name in ("PROLIFIC_PID", "participantId", "workerId", "pid")
        ),
        ("plain", "", "", {}),
    ],
)
def test_each_convention_has_its_own_names(
    convention: str, query: str, external_id: str, details: dict[str, str]
) -> None:
    arrival = read_arrival(convention, query)
    assert (arrival.external_id, arrival.details) == (external_id, details)
    assert not arrival.is_preview


@pytest.mark.parametrize(
    ("convention", "query"),
    [
        ("cloudresearch", "assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H1"),
        ("cloudresearch", "workerId=W1&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE"),
        ("prolific", "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}"),
    ],
)
def test_a_preview_names_nobody(convention: str, query: str) -> None:
    arrival = read_arrival(convention, query)
    assert arrival.is_preview
    assert not arrival.external_id
    assert not arrival.details


# -- Exits


def test_code_and_id_are_quoted_into_an_exit() -> None:
    address = fill_exit("https://p.example/x?c={code}&i={id}", code="A{id}&", external_id="a b/?&")
    assert address == "https://p.example/x?c=A%7Bid%7D%26&i=a%20b%2F%3F%26"


@pytest.mark.parametrize(
    "address",
    [
        "http://panel.example/?c={code}",
        "javascript:alert(1)",
        "//panel.example/",
        "https:///x",
        "https://user@panel.example/",
        "https://{id}/",
        "https://panel.example/ x",
        "https://[panel/",
    ],
)
def test_an_exit_that_is_not_a_secure_address_is_never_offered(address: str) -> None:
    assert fill_exit(address, code="C", external_id="i") is None


def test_an_exit_to_this_very_machine_may_be_http() -> None:
    assert fill_exit("http://localhost:9000/?c={code}", code="C", external_id="") is not None


def test_an_exit_that_needs_an_id_is_not_offered_to_whoever_has_none() -> None:
    assert fill_exit("https://p.example/?i={id}", code="C", external_id="") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"convention": "nosuch"}, "no convention"),
        ({"codes": {"done": "C1"}}, "“done” is no outcome"),
        ({"exits": {"done": "https://p.example/"}}, "“done” is no outcome"),
        ({"codes": {"complete": "C 1"}}, "letters, digits"),
        ({"codes": {"complete": "C" * 65}}, "letters, digits"),
        ({"codes": {"complete": "C1", "quota_full": "C1"}}, "the same code"),
        ({"exits": {"complete": "http://p.example/"}}, "whole https address"),
        ({"exits": {"complete": "https://p.example/?{name}"}}, "{name}"),
        ({"exits": {"complete": "https://p.example/?{code"}}, "{code"),
        ({"exits": {"complete": "https://p.example/#x"}}, "without #"),
        ({"exits": {"complete": "https://p.example/?signature=1"}}, "without a signature"),
        ({"signing_key_variable": "a-real-key"}, "not the key itself"),
        ({"signing_key_variable": "SECRET_KEY"}, "own secret"),
        ({"signed_entry": True}, "needs the name"),
        (
            {"signed_entry": True, "signing_key_variable": "K", "convention": "prolific"},
            "cannot sign",
        ),
    ],
)
def test_a_link_that_could_not_work_is_refused_in_one_sentence(
    change: dict[str, Any], said: str
) -> None:
    good: dict[str, Any] = {
        "convention": "plain",
        "codes": {},
        "exits": {},
        "signing_key_variable": "",
        "signed_entry": False,
    }
    check_link(**good)
    with pytest.raises(ValidationError) as refused:
        check_link(**(good | change))
    assert said in refused.value.messages[0]
    assert len(refused.value.messages) == 1


# -- Signatures, as the document tells a vendor


def documented_example() -> tuple[str, str, str]:
    """Address, key and signature of the example in docs/recruitment.md."""
    text = DOCUMENT.read_text("utf-8")
    found = re.search(r"printf '%s' '([^']+)' \\\n +\| openssl dgst -sha256 -hmac '([^']+)'", text)
    assert found
    expected = re.search(r"^([0-9a-f]{64})$", text, flags=re.M)
    assert expected
    return found[1], found[2], expected[1]


def test_the_documents_example_is_what_the_code_computes() -> None:
    address, key, expected = documented_example()
    assert sign(address, key) == expected
    assert f"{address}&signature={expected}" in DOCUMENT.read_text("utf-8")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed here")
def test_the_documents_command_gives_the_documents_value() -> None:
    address, key, expected = documented_example()
    command = ["openssl", "dgst", "-sha256", "-hmac", key]
    result = subprocess.run(command, input=address.encode(), capture_output=True, check=True)
    assert result.stdout.decode().split()[-1] == expected


def test_no_id_that_people_type_after_a_command_looks_like_an_option() -> None:
    found = [new_public_id(size) for size in (9, 12) for _time in range(500)]
    assert not [one for one in found if one.startswith("-")]
    assert {len(one) for one in found} == {12, 16}

"""Files by signed addresses: whole, in parts, resumed; never a byte that should not leave."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_django
from django.conf import settings
from django.test import Client
from django.utils import timezone

from annotation.models import AuditEntry, RecruitmentLink
from exports.actions.tokens import revoke_token
from exports.files import downloads
from exports.models import ApiToken, Export, State
from tests.api.conftest import Program, Response
from tests.api.files import BODY, ask, export_of, finish
from tests.processes import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def export(data: Program, settings: pytest_django.Settings, tmp_path: Path) -> Export:
    settings.EXPORTS_DIR = tmp_path
    return finish(export_of(ask(data)), tmp_path)


@pytest.fixture
def address(data: Program, export: Export, settings: pytest_django.Settings) -> str:
    found: str = data.get(f"exports/{export.public_id}/").json()["download"]
    return found.removeprefix(settings.SITE_URL)


def fetch(address: str, **headers: str) -> Response:
    """Without a token, as a browser or a loader would; it takes compressed bytes gladly.

    All bytes are taken here: a download that nobody reads to its end holds its place.
    """
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    response: Any = Client().get(address, headers={"Accept-Encoding": "gzip, br", **names})
    if response.streaming:
        response.streaming_content = [b"".join(response.streaming_content)]
    return response


def body_of(response: Response) -> bytes:
    return b"".join(response.streaming_content)


def test_the_whole_file_arrives_as_it_lies_there(address: str, export: Export) -> None:
    response = fetch(address)
    assert response.status_code == 200
    assert body_of(response) == BODY
    assert response["ETag"] == f'"{export.sha256}"'
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Length"] == str(len(BODY))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert export.public_id in response["Content-Disposition"]
    assert "Content-Encoding" not in response


def test_whatever_part_is_fetched_is_noted_and_resuming_not_each_time(
    address: str, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever left out the first byte would leave no trace."""
    noted = AuditEntry.objects.filter(kind="file:downloaded", what__contains=export.public_id)
    for first in (1, 100, 200_000):
        assert fetch(address, Range=f"bytes={first}-").status_code == 206
        assert noted.count() == 1
    fetch(address, Range="bytes=-5")
    Client().head(address)
    fetch(address, Range="bytes=999999-")
    assert noted.count() == 1
    fetch(address)
    assert noted.count() == 2
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    fetch(address, Range="bytes=100-")
    assert noted.count() == 3


def test_head_says_the_same_without_a_byte(address: str) -> None:
    client = Client()
    head, whole = client.head(address, headers={"Range": "bytes=5-9"}), fetch(address)
    assert head.status_code == 200 and head.content == b""
    for name in ("ETag", "Content-Length", "Content-Type", "Accept-Ranges", "Cache-Control"):
        assert head[name] == whole[name]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=300000-", 300_000, 300_000),
        ("bytes=299999-400000", 299_999, 300_000),
        ("bytes=-1", 300_000, 300_000),
        ("bytes=-999999", 0, 300_000),
        ("bytes= 7-8 ", 7, 8),
    ],
)
def test_a_range_gives_exactly_its_bytes(address: str, asked: str, first: int, last: int) -> None:
    response = fetch(address, Range=asked)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(BODY)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert body_of(response) == BODY[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=300001-", "bytes=999999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_says_the_size(address: str, asked: str) -> None:
    response = fetch(address, Range=asked)
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(BODY)}"
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["bytes=1-2,4-5", "bytes=9-5", "bytes=x-1", "lines=1-2", "bytes"])
def test_what_is_no_single_range_gives_the_whole(address: str, asked: str) -> None:
    response = fetch(address, Range=asked)
    assert response.status_code == 200
    assert body_of(response) == BODY


def test_if_range_sends_the_rest_of_the_same_file_alone(address: str, export: Export) -> None:
    same = fetch(address, Range="bytes=100-", If_Range=f'"{export.sha256}"')
    assert (same.status_code, body_of(same)) == (206, BODY[100:])
    for other in ('"0000"', f'W/"{export.sha256}"', "Sat, 21 Nov 2026 10:00:00 GMT"):
        assert fetch(address, Range="bytes=100-", If_Range=other).status_code == 200


def test_a_file_that_the_reader_has_is_not_sent_again(address: str, export: Export) -> None:
    etag = f'"{export.sha256}"'
    known = fetch(address, If_None_Match=etag)
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", etag)
    assert fetch(address, If_Match='"0000"').status_code == 412
    assert fetch(address, If_Match=etag).status_code == 200


@pytest.mark.parametrize("seed", range(8))
def test_a_download_cut_anywhere_resumes_to_the_same_bytes(
    data: Program, export: Export, seed: int
) -> None:
    rng, got, etag = random.Random(seed), b"", f'"{export.sha256}"'
    while len(got) < len(BODY):
        fresh = data.get(f"exports/{export.public_id}/").json()["download"]
        response = Client().get(
            fresh.partition("testserver")[2],
            headers={"Range": f"bytes={len(got)}-", "If-Range": etag},
        )
        assert response.status_code == 206
        rest = body_of(response)
        got += rest[: rng.randint(1, max(1, len(BODY) // 5))]
    assert got == BODY


def test_an_address_ends(address: str, settings: pytest_django.Settings, data: Program) -> None:
    settings.DOWNLOAD_SECONDS = -1
    past = data.get(f"exports/{Export.objects.get().public_id}/").json()["download"]
    response = fetch(past.removeprefix(settings.SITE_URL))
    assert response.status_code == 403
    assert "expired" in response.json()["detail"]


def test_an_address_that_nobody_signed_opens_nothing(address: str, export: Export) -> None:
    unknown = f"/api/v1/exports/{'x' * 16}/file/"
    bodies = {
        fetch(changed).content
        for changed in (
            address[:-1] + ("0" if address[-1] != "0" else "1"),
            address.replace("expires=", "expires=9"),
            address.partition("?")[0],
            unknown,
            unknown + "?" + address.partition("?")[2],
            address + "%00",
        )
    }
    assert len(bodies) == 1
    assert b'"status":404' in bodies.pop()


def test_the_token_must_still_be_good(address: str, data: Program) -> None:
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(seconds=-1))
    assert fetch(address).status_code == 403
    ApiToken.objects.update(expires_at=None)
    assert fetch(address).status_code == 200
    revoke_token(token=data.token)
    response = fetch(address)
    assert response.status_code == 403
    assert "token" in response.json()["detail"]


def test_the_tokens_networks_hold_for_its_files_too(address: str) -> None:
    ApiToken.objects.update(addresses=["192.0.2.0/24"])
    assert fetch(address).status_code == 403
    allowed = Client(REMOTE_ADDR="192.0.2.7").get(address)
    assert (allowed.status_code, body_of(allowed)) == (200, BODY)


def test_a_deleted_file_is_gone(address: str, export: Export) -> None:
    path = downloads.path_of(export)
    path.unlink()
    assert fetch(address).status_code == 410
    path.write_bytes(BODY)
    Export.objects.update(state=State.GONE)
    assert fetch(address).status_code == 410


def test_an_empty_file_arrives_whole_and_has_no_range(
    data: Program, settings: pytest_django.Settings, tmp_path: Path
) -> None:
    settings.EXPORTS_DIR = tmp_path
    export = finish(export_of(ask(data)), tmp_path, b"")
    address = data.get(f"exports/{export.public_id}/").json()["download"].partition("server")[2]
    assert body_of(fetch(address)) == b""
    assert fetch(address, Range="bytes=0-").status_code == 416


@pytest.mark.django_db(transaction=True)
def test_a_connection_cut_at_random_resumes_to_the_same_bytes(
    site: Site, link: RecruitmentLink
) -> None:
    """Over real connections to the real server, which are closed in the middle."""
    program, folder = Program(link), Path(settings.EXPORTS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    body = random.Random(7).randbytes(6_000_001)
    export = finish(export_of(ask(program)), folder, body)
    query = urlencode(downloads.download_query(export))
    address = f"{site.address}/api/v1/exports/{export.public_id}/file/?{query}"
    etag, rng, got, cuts = f'"{export.sha256}"', random.Random(8), bytearray(), 0
    while len(got) < len(body):
        asked = {"Range": f"bytes={len(got)}-", "If-Range": etag}
        with httpx.stream("GET", address, headers=asked, timeout=60) as response:
            assert response.status_code == 206  # also while the server still sends what was cut
            least = len(got) + rng.randint(1, 1_500_000)
            for block in response.iter_raw():
                got += block
                if len(got) >= least:
                    cuts += 1
                    break
    assert bytes(got) == body and cuts >= 3
    head = httpx.head(address, timeout=60)
    assert (head.headers["Content-Length"], head.headers["ETag"]) == (str(len(body)), etag)
    known = httpx.get(address, headers={"If-None-Match": etag}, timeout=60)
    assert known.status_code == 304

"""Downloads leave threads to people and places to other vendors, however slowly they are read."""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import pytest_django
from django.conf import settings as site_settings
from django.test import Client
from django.urls import reverse

from annotation.models import RecruitmentLink, Role
from exports.access import transfers
from exports.files import downloads
from exports.files.ranges import Part
from exports.models import Export
from tests.api.conftest import Program, Response
from tests.api.files import BODY, ask, export_of, finish
from tests.processes import Site, wait_until
from tests.team import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 6  # of a web process, as the Dockerfile starts it
LONG = bytes(24_000_000)  # more than the buffers on the way hold


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> transfers.Here:
    here = transfers.Here()
    monkeypatch.setattr(transfers, "here", here)
    return here


def file_of(program: Program, folder: Path, body: bytes = BODY) -> str:
    """The address of a finished export's file, without the host."""
    return address_of(finish(export_of(ask(program)), folder, body))


def address_of(export: Export) -> str:
    path = reverse("api-download", args=[export.public_id])
    return f"{path}?{urlencode(downloads.download_query(export))}"


@pytest.fixture
def addresses(
    data: Program,
    their_link: RecruitmentLink,
    settings: pytest_django.Settings,
    tmp_path: Path,
) -> list[str]:
    """A file of each of two vendors, and another of the first."""
    settings.EXPORTS_DIR = tmp_path
    programs = (data, Program(their_link), data)
    return [file_of(program, tmp_path) for program in programs]


def taken(response: Response) -> bool:
    if response.status_code == 503:
        assert int(response["Retry-After"]) > 0
        assert response["Content-Type"] == "application/problem+json"
        return True
    assert response.status_code in (200, 206)
    return False


def test_one_vendor_never_holds_all_and_all_never_hold_more_than_there_are(
    addresses: list[str], settings: pytest_django.Settings
) -> None:
    settings.API_DOWNLOADS = 2
    mine, theirs, another = addresses
    first = Client().get(mine)
    assert not taken(first)
    assert taken(Client().get(another))
    second = Client().get(theirs)
    assert not taken(second)
    assert taken(Client().get(another))
    first.close()
    assert not taken(Client().get(another))


def test_a_cut_download_that_is_resumed_at_once_takes_its_own_place(
    addresses: list[str], nothing_runs: transfers.Here, settings: pytest_django.Settings
) -> None:
    """Before the server noticed the cut; what stands still must never pass for the file's end."""
    settings.API_DOWNLOADS = 2
    cut = iter(Client().get(addresses[0]))
    begun = next(cut)
    resumed = Client().get(addresses[0], headers={"Range": f"bytes={len(begun)}-"})
    assert not taken(resumed)
    with pytest.raises(ConnectionResetError):
        next(cut)
    assert len(nothing_runs.running) == 1  # the end of the one is not that of the other
    assert begun + b"".join(resumed) == BODY
    assert nothing_runs.running == {}


def test_nobody_takes_the_place_of_another_file_part_or_recipient(
    addresses: list[str], settings: pytest_django.Settings
) -> None:
    settings.API_DOWNLOADS = 1
    standing = Client().get(addresses[0], headers={"Range": "bytes=100-199"})
    assert not taken(standing)
    assert taken(Client().get(addresses[1]))
    assert taken(Client().get(addresses[2]))
    for beside in ("bytes=0-99", "bytes=200-"):
        assert taken(Client().get(addresses[0], headers={"Range": beside}))
    assert b"".join(standing) == BODY[100:200]


def test_while_there_is_room_nobody_loses_a_place(
    addresses: list[str], settings: pytest_django.Settings
) -> None:
    settings.API_DOWNLOADS = 3
    both = [Client().get(addresses[0]) for _n in range(2)]
    assert [b"".join(one) for one in both] == [BODY, BODY]


def test_a_download_that_ended_or_was_cut_gives_its_place_back(
    addresses: list[str], nothing_runs: transfers.Here
) -> None:
    assert b"".join(Client().get(addresses[0])) == BODY
    assert nothing_runs.running == {}
    Client().get(addresses[0]).close()
    assert nothing_runs.running == {}


@pytest.mark.parametrize("step", range(1, 9))
def test_a_download_that_ends_in_the_midst_of_another_gives_its_place_back(
    nothing_runs: transfers.Here, settings: pytest_django.Settings, tmp_path: Path, step: int
) -> None:
    """As where the collector of garbage ends it between two steps of the other's end."""
    settings.API_DOWNLOADS = 3
    path = tmp_path / "file"
    path.write_bytes(BODY)
    steps: Iterator[int] = iter(())

    class Watched(str):
        def __hash__(self) -> int:
            if next(steps, 0) == step:
                both[1].close()
            return super().__hash__()

    both = [transfers.Transfer(path, Part(0, 9), recipient=Watched("vendor:1")) for _n in range(2)]
    steps = iter(range(1, 9))
    both[0].close()
    both[1].close()
    assert nothing_runs.running == {}


def test_what_holds_no_thread_needs_no_place(
    addresses: list[str], settings: pytest_django.Settings
) -> None:
    settings.API_DOWNLOADS = 0
    assert taken(Client().get(addresses[0]))
    assert Client().head(addresses[0]).status_code == 200
    etag = Client().head(addresses[0])["ETag"]
    assert Client().get(addresses[0], headers={"If-None-Match": etag}).status_code == 304
    assert Client().get(addresses[0], headers={"Range": "bytes=999999-"}).status_code == 416


def test_the_desk_says_it_in_words(
    addresses: list[str], data: Program, settings: pytest_django.Settings
) -> None:
    client = signed_in(data.study, Role.RESEARCHER)
    export = Export.objects.filter(vendor=data.vendor).order_by("pk")[0]
    download = reverse("admin:exports_export_download", args=[export.pk])
    assert b"".join(client.get(download)) == BODY
    settings.API_DOWNLOADS = 0
    assert "try again in a minute" in client.get(download, follow=True).text


@pytest.fixture
def own_site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    """A web process with as many threads as in production, and a folder of its own."""
    site = Site.at_a_free_port()
    site.threads, site.environment = THREADS, {"EXPORTS_DIR": str(tmp_path)}
    yield site
    site.end()


class SlowReader:
    """A connection that asks for a file and takes its head alone."""

    def __init__(self, site: Site, address: str) -> None:
        parts = urlsplit(site.address)
        self.connection = socket.socket()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.connection.settimeout(60)
        self.connection.connect((parts.hostname, parts.port))
        asked = f"GET {address} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        self.connection.sendall(asked.encode())
        self.status = int(self.connection.recv(12).split()[1])

    def read_to_its_end(self) -> None:
        """Returns once the server ended it."""
        with suppress(ConnectionResetError):
            while self.connection.recv(1 << 20):
                pass

    def close(self) -> None:
        self.connection.close()


def test_a_persons_page_answers_while_many_read_slowly(
    own_site: Site,
    data: Program,
    their_link: RecruitmentLink,
    link: RecruitmentLink,
    tmp_path: Path,
) -> None:
    programs = [data, Program(their_link)]
    files = [file_of(program, tmp_path, LONG) for program in programs * 2]
    own_site.start()
    with ExitStack() as stack:
        readers = [
            stack.enter_context(closing(SlowReader(own_site, files[number % 4])))
            for number in range(4 * THREADS)
        ]
        found = Counter((number % 4, reader.status) for number, reader in enumerate(readers))
        places = site_settings.API_DOWNLOADS
        assert found == {(n, 200 if n < places else 503): THREADS for n in range(4)}
        # Who came again took the place of who came before, and no thread beside.
        for reader in readers[: -2 * len(files)]:
            reader.read_to_its_end()
        page = httpx.get(f"{own_site.address}/join/{link.key}/", timeout=60)
        assert page.status_code == 200 and "csrfmiddlewaretoken" in page.text


def test_a_reader_who_stands_still_is_cut_and_its_place_is_free(
    own_site: Site, data: Program, tmp_path: Path
) -> None:
    """Another file of the vendor waits for it: the same one would take its place at once."""
    address, another = file_of(data, tmp_path, LONG), file_of(data, tmp_path)
    own_site.environment["DOWNLOAD_PATIENCE"] = "1"
    own_site.start()
    with closing(SlowReader(own_site, address)) as still:
        assert still.status == 200

        def another_gets_on() -> bool:
            rest = {"Range": f"bytes={len(BODY) - 5}-"}
            answer = httpx.get(f"{own_site.address}{another}", headers=rest, timeout=60)
            return answer.status_code == 206 and answer.content == BODY[-5:]

        wait_until(another_gets_on)

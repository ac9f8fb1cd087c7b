"""Long answers leave threads and processors to the people who work on the site."""

import threading
from contextlib import suppress

import pytest
import pytest_django
from django.db import connection
from django.test import Client
from psycopg.pq import TransactionStatus
from rest_framework.exceptions import Throttled

from annotation.models import RecruitmentLink, Study
from exports import containers
from exports.access import streams
from tests.api.conftest import Program
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)
LINES = {"Accept": "application/x-ndjson"}
LONG = [
    ("changes", LINES),
    ("changes", {"Accept": "application/json"}),
    ("exports/community-alignment.csv", {}),
]


@pytest.fixture(autouse=True)
def one_at_once(settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch) -> streams.Here:
    settings.API_STREAMS = 1
    here = streams.Here()
    monkeypatch.setattr(streams, "here", here)
    return here


@pytest.mark.parametrize(("path", "headers"), LONG)
def test_where_all_are_given_out_a_program_is_told_when_to_come_again(
    path: str, headers: dict[str, str], data: Program
) -> None:
    with streams.Permit():
        response = data.get(path, headers)
        assert response.status_code == 429
        assert int(response["Retry-After"]) > 0
        assert data.get("exports/").status_code == 200  # what is short is always answered
    again = data.get(path, headers)
    assert again.status_code == 200
    again.close()


@pytest.mark.parametrize(("path", "headers"), LONG)
def test_an_answer_that_ended_or_was_cut_gives_its_permit_back(
    path: str, headers: dict[str, str], data: Program, one_at_once: streams.Here
) -> None:
    b"".join(data.get(path, headers))
    assert one_at_once.taken == 0
    data.get(path, headers).close()
    assert one_at_once.taken == 0


def test_a_request_that_is_refused_holds_no_permit(
    data: Program, one_at_once: streams.Here
) -> None:
    data.study.turn_lengths = {"9": 1}
    data.study.save()
    assert data.get("exports/community-alignment.csv").status_code == 409
    assert one_at_once.taken == 0


def test_a_stream_rests_while_people_work_and_goes_on_when_they_are_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch, one_at_once: streams.Here
) -> None:
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            one_at_once.last_of_people = float("-inf")

    monkeypatch.setattr(streams, "sleep", nap)
    monkeypatch.setattr(streams, "BUSY_SECONDS", 3600.0)  # however long the page takes here
    with streams.Permit() as permit:
        permit._worked = 1.0
        permit.rest()
        assert naps == []  # nobody was there
        client.get("/api/docs/")
        assert not streams.people_are_at_work()  # a program is nobody
        client.get("/no/such/page/")
        permit._worked = 1.0
        permit.rest()
    assert len(naps) == 3


def test_no_more_are_given_out_than_there_are_however_many_ask(
    settings: pytest_django.Settings, one_at_once: streams.Here
) -> None:
    settings.API_STREAMS = 2
    got: list[streams.Permit] = []

    def ask() -> None:
        with suppress(Throttled):
            got.append(streams.Permit())

    threads = [threading.Thread(target=ask) for _program in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == one_at_once.taken == 2


def test_what_is_streamed_names_the_frozen_plan(data: Program) -> None:
    assert data.study.plan_hash
    for path, headers in LONG:
        answer = data.get(path, headers)
        answer.close()
        assert answer["Plan-Hash"] == data.study.plan_hash, path
    assert data.get("changes").json()["plan_hash"] == data.study.plan_hash


def test_the_plan_is_asked_for_before_the_rows_take_the_connection(
    data: Program, link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question asked while COPY runs would wait for the end of what nobody reads yet."""
    walker = Walker(link)
    walker.enter()
    walker.finish()
    monkeypatch.setattr(containers, "BLOCK_BYTES", 8)  # as if the rows were many blocks
    asked = []

    def plan_hash(_study: Study) -> str:
        used = connection.connection
        asked.append(used is not None and used.info.transaction_status)
        return "abc"

    monkeypatch.setattr(Study, "plan_hash", property(plan_hash))
    answer = data.get("exports/community-alignment.csv")
    assert answer["Plan-Hash"] == "abc"
    assert len(list(answer)) > 1
    assert asked and TransactionStatus.ACTIVE not in asked

"""Workers and beat say that they are there; their silence is told with its length, everywhere."""

import io
import time
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from annotation.actions.definition import apply_study
from annotation.models import Study
from candidates.models import ModelEndpoint
from insights.durations import spell
from insights.health import parts as health
from insights.health import seen
from tests.definitions import small_definition
from tests.processes import Worker, wait_until


@pytest.fixture(autouse=True)
def ask_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(health, "LINE_SECONDS", -1.0)
    seen.forget()
    translation.activate("en")


@pytest.fixture
def researcher(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("researcher", password="a-long-password"))
    return client


def seen_ago(seconds: float, *names: str) -> None:
    moment = time.time() - seconds
    redis.Redis.from_url(settings.REDIS_URL).hset(
        seen.KEY, mapping=dict.fromkeys(names or (*health.NEEDED_QUEUES, seen.BEAT), moment)
    )


def everybody_is_seen() -> bool:
    silent = seen.silences([*health.NEEDED_QUEUES, seen.BEAT])
    return all(one.is_alive for one in silent.values())


def red_parts(client: Client) -> dict[str, Any]:
    found = client.get(reverse("health")).json()["parts"]
    return {name: part["words"] for name, part in found.items() if not part["ok"]}


@pytest.mark.django_db(transaction=True)
def test_stopping_the_worker_turns_healthz_doctor_and_the_desk_red(
    worker: Worker, researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = apply_study(small_definition())
    panel = reverse("study-watch-panel", args=[study.key, "machine"])
    page = reverse("study-plan", args=[study.key])
    wait_until(everybody_is_seen)  # a worker answers, when asked, before beat has said anything
    wait_until(lambda: not red_parts(researcher))
    assert "Plurivox is not whole" not in researcher.get(page).content.decode()
    worker.kill()
    monkeypatch.setattr(seen, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(health, "SILENT_SECONDS", 1.0)
    time.sleep(1.5)
    words = "no live, generation, housekeeping worker has been seen for "
    hint = "start one with: celery -A config worker -Q live,generation,housekeeping"
    for said in (
        red_parts(researcher)["worker"],
        _doctor(),
        researcher.get(panel).content.decode(),
        researcher.get(page).content.decode(),
    ):
        assert words in said
        assert hint in said


def _doctor() -> str:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("doctor", stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_flushed_broker_makes_no_worker_missing(worker: Worker, client: Client) -> None:
    """It is asked; on a busy machine not every time in time."""
    wait_until(lambda: "worker" not in red_parts(client))

    def well_after_a_flush() -> bool:
        seen.forget()
        return "worker" not in red_parts(client)

    wait_until(well_after_a_flush)


@pytest.mark.django_db
def test_the_length_of_the_silence_is_told(client: Client) -> None:
    seen_ago(125)
    found = red_parts(client)
    assert "worker has been seen for 2 minutes; start one with" in found["worker"]
    assert "not seen for 2 minutes" in found["beat"]
    seen_ago(0, seen.BEAT, "live", "housekeeping")
    assert "no generation worker has been seen for 2 minutes" in red_parts(client)["worker"]


@pytest.mark.django_db
def test_beat_has_time_to_say_that_it_is_there(client: Client) -> None:
    assert "beat" not in red_parts(client)
    seen_ago(125, seen.ASKED + seen.BEAT)
    assert "not seen for 2 minutes" in red_parts(client)["beat"]


@pytest.mark.django_db
def test_the_line_is_for_those_who_run_studies_and_names_what_is_missing(
    client: Client, study: Study
) -> None:
    seen_ago(300)
    client.force_login(User.objects.create_user("guest", is_staff=True))
    home = reverse("admin:index")
    assert "not whole" not in client.get(home).content.decode()
    client.force_login(User.objects.create_superuser("ines", password="a-long-password"))
    assert "no live, generation, housekeeping worker" in client.get(home).content.decode()
    seen_ago(0)
    assert "not whole" not in client.get(home).content.decode()
    ModelEndpoint.objects.update(rests_until=timezone.now() + timedelta(minutes=2))
    assert "left alone for a while" in client.get(home).content.decode()


@pytest.mark.django_db
def test_the_line_asks_no_part_that_could_keep_the_page_waiting(
    researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("a page of the desk waited for a part")

    for name in ("_served_queues", "silent_endpoints", "_check_database"):
        monkeypatch.setattr(health, name, never)
    seen_ago(300)
    assert "not whole" in researcher.get(reverse("admin:index")).content.decode()


@pytest.mark.django_db
def test_a_missing_broker_is_in_the_line(
    researcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insights.health.parts.settings.REDIS_URL", "redis://127.0.0.1:1/0")
    assert "is Redis or Valkey running?" in researcher.get(reverse("admin:index")).content.decode()


@pytest.mark.django_db
def test_the_words_are_in_the_readers_language(client: Client) -> None:
    seen_ago(300)
    health.examine(["worker"])
    with translation.override("fr"):
        (worker,) = health.examine(["worker"])
        assert worker.words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (50, "50 seconds"),
        (125, "2 minutes"),
        (3600 * 5, "5 hours"),
        (86_400 * 4, "4 days"),
    ],
)
def test_durations_are_said_in_one_unit(seconds: float, words: str) -> None:
    assert spell(seconds) == words

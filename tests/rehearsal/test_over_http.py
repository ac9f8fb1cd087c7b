"""People over real HTTP, on real processes: two tabs, two clicks, another device, all stored."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Study, Turn
from insights.health.parts import workers_answer
from rehearsal import stage
from rehearsal.copies import KEY_VARIABLE
from rehearsal.servers import Servers
from rehearsal.truth import Behaviours
from tests.processes import Site, Worker, wait_until
from tests.provider import Provider
from tests.rehearsal.rehearsing import broken, prepared, two_countries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The site's own provider is at an address where nothing answers; no other is allowed."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    for name in (KEY_VARIABLE, "ALLOWED_PRIVATE_HOSTS"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    settings.ALLOWED_PRIVATE_HOSTS = []


def test_people_over_http_lose_nothing_and_fill_every_place(
    worker: Worker, site: Site, provider: Provider
) -> None:
    rehearsal = prepared(16, target=4)
    restless = Behaviours(
        leaves=0.1, idles=0.2, skips=0.1, double_clicks=0.4, changes_device=0.3, two_tabs=0.3
    )
    rehearsal.truth = replace(rehearsal.truth, behaviours=restless)
    stage.play_over_http(rehearsal, site.address, threads=4)
    stage.settle(rehearsal)
    assert rehearsal.ledger.stranded == []
    assert broken(stage.verdict(rehearsal)) == set()
    done = rehearsal.ledger.events
    for event in ("clicked twice", "sent from two tabs", "went on at another device"):
        assert done[event] > 0, event


def test_the_command_starts_what_it_lacks_and_its_status_is_the_verdict(
    empty_database: None, provider: Provider, tmp_path: Path
) -> None:
    """Three people are too few to say anything: the command must not say that all holds."""
    study = two_countries(target=1)
    found, out = tmp_path / "found.json", io.StringIO()
    with pytest.raises(CommandError, match="does not hold"):
        call_command(
            *("rehearse", "--study", study.key, "--annotators=3", "--seed=2", "--turns=1"),
            *("--json", str(found), "--people-a-day", "FR-fr=0.5"),
            stdout=out,
        )
    assert "cannot fill" in out.getvalue()
    [took] = [one for one in json.loads(found.read_text())["forecast"] if "a day" in one]
    sentence = r"FR-fr: at 0.5 a day the last of (\d) comes after (\d) days"
    [(people, days)] = re.findall(sentence, took)
    assert int(days) == 2 * int(people) and f"  {took}" in out.getvalue()
    checks = {check["name"]: check for check in json.loads(found.read_text())["checks"]}
    assert checks["every acknowledged submission stored"]["holds"]
    assert checks["nobody stranded"]["holds"], checks["nobody stranded"]["words"]
    assert not checks["careless people flagged"]["holds"]


def test_a_site_with_another_provider_is_rehearsed_with_the_demos(
    empty_database: None, elsewhere: None, tmp_path: Path
) -> None:
    study = two_countries(target=1)
    found = tmp_path / "found.json"
    with pytest.raises(CommandError, match="does not hold"):  # eight people are too few
        call_command("rehearse", study=study.key, annotators=8, seed=2, turns=1, json=found)
    copy = Study.objects.get(rehearsal_of=study)
    ended = copy.participations.exclude(finished_at=None)
    assert ended.count() >= 6  # the others left for good
    assert Turn.objects.filter(live=True, ranking__isnull=False).exists()
    checks = {check["name"]: check for check in json.loads(found.read_text())["checks"]}
    for name in ("nobody stranded", "every acknowledged submission stored", "every target met"):
        assert checks[name]["holds"], checks[name]["words"]


def test_it_is_not_begun_beside_a_worker_that_cannot_reach_its_provider(
    worker: Worker, elsewhere: None
) -> None:
    wait_until(workers_answer)
    study = two_countries(target=1)
    with pytest.raises(CommandError, match="A worker runs that cannot reach"):
        call_command("rehearse", study=study.key, annotators=8, seed=2)
    assert not Study.objects.filter(rehearsal_of=study).exists()


def test_what_a_rehearsal_started_ends_with_it(empty_database: None) -> None:
    with Servers() as servers:
        servers.ensure_site()
        started = servers.find("web")
        assert started is not None and started.running is not None
        assert started.running.poll() is None
    assert started.running.poll() is not None

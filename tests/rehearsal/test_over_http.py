"""People over real HTTP, on real processes: two tabs, two clicks, another device, all stored."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rehearsal import stage
from rehearsal.servers import Servers
from rehearsal.truth import Behaviours
from tests.processes import Site, Worker
from tests.provider import Provider
from tests.rehearsal.rehearsing import broken, prepared, two_countries

pytestmark = pytest.mark.django_db(transaction=True)


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
            "rehearse", study=study.key, annotators=3, seed=2, turns=1, json=found, stdout=out
        )
    assert "cannot fill" in out.getvalue()
    checks = {check["name"]: check for check in json.loads(found.read_text())["checks"]}
    assert checks["every acknowledged submission stored"]["holds"]
    assert checks["nobody stranded"]["holds"], checks["nobody stranded"]["words"]
    assert not checks["careless people flagged"]["holds"]


def test_what_a_rehearsal_started_ends_with_it(empty_database: None) -> None:
    with Servers() as servers:
        servers.ensure_site()
        started = servers.find("web")
        assert started is not None and started.running is not None
        assert started.running.poll() is None
    assert started.running.poll() is not None

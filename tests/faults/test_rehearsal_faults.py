"""A rehearsal goes on while web, worker and database are killed, and still holds."""

import threading

import pytest

from candidates import limits
from rehearsal import stage
from tests.faults.test_pregeneration import crash_postgres
from tests.processes import Site, Worker, wait_until
from tests.provider import Provider
from tests.rehearsal.rehearsing import broken, prepared

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rehearsal_survives_the_death_of_every_part(
    empty_database: None, site: Site, provider: Provider
) -> None:
    rehearsal = prepared(12, target=3)
    ledger = rehearsal.ledger
    player = threading.Thread(
        target=stage.play_over_http, args=(rehearsal, site.address), kwargs={"threads": 4}
    )
    with Worker.running() as worker:
        player.start()
        wait_until(lambda: len(ledger.acknowledged) >= 8)
        site.kill()
        site.start()
        wait_until(lambda: len(ledger.acknowledged) >= 16)
        worker.kill()
        limits._redis().flushall()  # what the broker held is gone too
    with Worker.running():
        wait_until(lambda: len(ledger.acknowledged) >= 24)
        crash_postgres()
        player.join(timeout=900)
        assert not player.is_alive()
    assert ledger.stranded == []
    assert ledger.unanswered + len(ledger.failures) > 0
    stage.settle(rehearsal)
    assert broken(stage.verdict(rehearsal, faults=True)) == set()

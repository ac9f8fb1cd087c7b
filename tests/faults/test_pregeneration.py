"""Worker killed, broker flushed, PostgreSQL restarted: no set is lost, none is paid twice."""

import io
import os
import signal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from candidates import limits
from candidates.models import CandidateSet, Generation
from tests.conftest import LONG_LEASE_SECONDS
from tests.definitions import small_definition
from tests.processes import Worker, wait_until
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)


def test_killing_and_flushing_in_the_middle_pays_only_for_calls_in_flight(
    empty_database: None, provider: Provider
) -> None:
    study = apply_study(small_definition(prompts=4))
    provider.be_slow(0.5)
    sets = request_pool(study=study)
    made = CandidateSet.objects.filter(pk__in=[item.pk for item in sets])
    interrupted = 0
    for _kill in range(2):
        with Worker.running(lease=LONG_LEASE_SECONDS) as worker:
            ready = made.ready().count()
            wait_until(lambda before=ready: made.ready().count() >= before + 3)  # type: ignore[misc]
            interrupted += Worker.THREADS
            worker.kill()
        limits._redis().flushall()
        # Leases run out by hand: on a machine that stalls, short ones would while they are held.
        made.filter(status="pending").update(leased_until=timezone.now())
    with Worker.running(lease=LONG_LEASE_SECONDS):
        wait_until(lambda: made.ready().count() == len(sets))
    stored = Generation.objects.filter(error="").count()
    assert stored == 2 * len(sets)
    # Calls that were in flight when the worker died were paid for and lost; no others.
    probes = 2
    assert provider.calls() <= stored + interrupted + probes + CALLS_BEFORE.get("calls", 0)


CALLS_BEFORE: dict[str, int] = {}


@pytest.fixture(autouse=True)
def count_calls(provider: Provider) -> None:
    CALLS_BEFORE["calls"] = provider.calls()


def crash_postgres() -> None:
    """SIGKILL to one of its processes: PostgreSQL ends every session and recovers from its log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before = _last_start()
    os.kill(backend, signal.SIGKILL)
    wait_until(lambda: (_last_start() or before) != before)


def _last_start() -> object:
    """When PostgreSQL last began to serve; None while it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
            )
            return cursor.fetchone()[0]
    except DatabaseError:
        connection.close()
        return None


def test_a_crash_of_postgres_loses_no_set(empty_database: None, provider: Provider) -> None:
    """The database goes down and comes back, twice, while sets are being made."""
    study = apply_study(small_definition(prompts=6))
    provider.be_slow(0.5)
    sets = request_pool(study=study)
    made = CandidateSet.objects.filter(pk__in=[item.pk for item in sets])
    with Worker.running():
        for _cut in range(2):
            # While this process waits for PostgreSQL the worker may be back and nearly done.
            wanted = min(made.ready().count() + 2, len(sets))
            wait_until(lambda wanted=wanted: made.ready().count() >= wanted)  # type: ignore[misc]
            crash_postgres()
        wait_until(lambda: made.ready().count() == len(sets))
    for candidate_set in sets:
        assert candidate_set.candidates.count() == 4


def test_running_pregenerate_twice_does_nothing_twice(
    empty_database: None, provider: Provider
) -> None:
    study = apply_study(small_definition(prompts=1))
    out = io.StringIO()
    with Worker.running(lease=LONG_LEASE_SECONDS):
        call_command("pregenerate", study.key, every=0.2, stdout=out)
        calls = provider.calls()
        call_command("pregenerate", study.key, every=0.2, stdout=out)
    assert provider.calls() == calls
    said = out.getvalue()
    assert "5 sets wanted, 5 of them new." in said
    assert "5 sets wanted, 0 of them new." in said
    assert "5 ready, 0 to make" in said
    assert "sets/s" in said

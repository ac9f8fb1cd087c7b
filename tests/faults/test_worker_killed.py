"""A worker killed outright in the middle of its work loses nothing."""

import pytest

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from candidates.models import CandidateSet
from tests.definitions import small_definition
from tests.processes import Worker, wait_until
from tests.provider import Provider

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_killed_during_generation_loses_nothing(
    empty_database: None, provider: Provider
) -> None:
    study = apply_study(small_definition(prompts=1))
    provider.be_slow(2)
    called = provider.calls()
    with Worker.running() as worker:
        sets = request_pool(study=study)
        wait_until(lambda: provider.calls() >= called + 3)
        worker.kill()
    provider.be_slow(0)
    assert CandidateSet.objects.ready().count() < len(sets)
    with Worker.running():
        wait_until(lambda: CandidateSet.objects.ready().count() == len(sets))
    for candidate_set in sets:
        assert candidate_set.candidates.count() == 4
        assert not candidate_set.refused_attempts.exists()


def test_lost_messages_are_found_again_in_the_rows(
    empty_database: None, provider: Provider
) -> None:
    """The broker was flushed, or the message never left: beat finds the sets."""
    study = apply_study(small_definition(prompts=1))
    sets = request_pool(study=study)
    from celery import current_app

    current_app.control.purge()
    with Worker.running():
        wait_until(lambda: CandidateSet.objects.ready().count() == len(sets))

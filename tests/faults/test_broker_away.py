"""The broker is away: what people do is stored, and found again later."""

from typing import Any

import pytest

from annotation.models import RecruitmentLink
from candidates import tasks
from candidates.models import CandidateSet
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_broker_nothing_a_person_does_fails(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("own")
    from config.celery import app

    with app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=1) as gone:
        send: Any = tasks.generate_candidate_set.apply_async
        monkeypatch.setattr(
            tasks.generate_candidate_set,
            "apply_async",
            lambda *args, **options: send(*args, **options, connection=gone),
        )
        response = walker.post("own-prompt-write", {"message": "Oui ?"}, conversation.public_id)
    assert response.status_code == 200
    assert conversation.turns.count() == 1
    assert CandidateSet.objects.due().filter(urgent=True).count() == 1


@pytest.mark.parametrize(("urgent", "queue"), [(True, "live"), (False, "generation")])
def test_each_run_of_a_set_keeps_its_queue(
    urgent: bool, queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        tasks.generate_candidate_set,
        "apply_async",
        lambda *_args, **options: sent.append(options["queue"]),
    )
    tasks.enqueue(1, urgent=urgent)
    assert sent == [queue]

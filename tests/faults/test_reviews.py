"""A finished conversation is looked at by a real worker; without a broker nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Vendor
from annotation import tasks
from annotation.actions.link import create_recruitment_link
from annotation.models import Flag, Participation, Phase, Ranking, RecruitmentLink, Turn
from tests.conftest import make_small_study
from tests.processes import Worker, wait_until
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_finished_conversation_leads_to_flags_by_a_real_worker(
    empty_database: None, provider: Provider
) -> None:
    study = make_small_study()
    vendor = Vendor.objects.create(key="v", name="V")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    while Ranking.objects.count() < 4:
        walker.finish_conversation(walker.open())
    for turn in Turn.objects.filter(ranking__isnull=False):
        assert turn.shown_at
        Ranking.objects.filter(turn=turn).update(submitted_at=turn.shown_at + timedelta(seconds=1))
    assert not Flag.objects.exists()
    with Worker.running():  # what the conversations asked for waits at the broker
        wait_until(lambda: Flag.objects.filter(kind="speed", state="raised").exists())
    participation = Participation.objects.get()
    assert participation.excluded_at is None
    assert not Flag.objects.exclude(decision="").exists()
    walker.finish()
    assert walker.participation.completion_code


def test_without_a_broker_a_conversation_ends_and_is_found_again(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open()
    from config.celery import app

    with app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=1) as gone:
        send: Any = tasks.review_participation.apply_async
        monkeypatch.setattr(
            tasks.review_participation,
            "apply_async",
            lambda *args, **options: send(*args, **options, connection=gone),
        )
        response = walker.post("conversation-skip", {}, conversation.public_id)
    assert response.status_code == 200
    reviewed: list[int] = []
    monkeypatch.setattr(tasks, "review_participation", reviewed.append)
    tasks.review_recent_work()
    assert reviewed == [walker.participation.pk]


def test_a_review_of_somebody_who_is_gone_does_nothing() -> None:
    tasks.review_participation(10**9)
    assert not Flag.objects.exists()

"""Work is looked at by a real worker, at the finish at once; without a broker nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Vendor
from annotation import tasks
from annotation.actions.link import create_recruitment_link
from annotation.actions.participation import end_participation
from annotation.models import (
    Flag,
    Outcome,
    Participation,
    Phase,
    Ranking,
    RecruitmentLink,
    Turn,
)
from annotation.review import looking
from annotation.review.looking import NEW_WORK, ReviewsFailedError, participations_to_review
from tests.conftest import small_study
from tests.processes import Worker, wait_until
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def test_finished_conversations_lead_to_flags_before_the_end_and_by_a_real_worker(
    empty_database: None, provider: Provider
) -> None:
    study = small_study()
    vendor = Vendor.objects.create(key="v", name="V")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    while Ranking.objects.count() < 4:
        walker.finish_conversation(walker.open())
    for turn in Turn.objects.filter(ranking__isnull=False):
        assert turn.shown_at
        Ranking.objects.filter(turn=turn).update(submitted_at=turn.shown_at + timedelta(seconds=1))
    assert not Flag.objects.exists()
    tasks.review_new_work.apply_async()  # as beat does
    with Worker.running():
        wait_until(lambda: Flag.objects.filter(kind="speed", state="raised").exists())
    participation = Participation.objects.get()
    assert participation.excluded_at is None
    assert not Flag.objects.exclude(decision="").exists()
    walker.finish()
    assert walker.participation.completion_code


def test_without_a_broker_a_participation_ends_and_is_found_again(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(link)
    walker.enter()
    from config.celery import app

    asked: list[int] = []
    with app.connection_for_write("redis://127.0.0.1:1/0", connect_timeout=1) as gone:
        send: Any = tasks.review_participation.apply_async

        def send_into_nothing(*args: Any, **options: Any) -> Any:
            asked.extend(args[0])
            return send(*args, **options, connection=gone)

        monkeypatch.setattr(tasks.review_participation, "apply_async", send_into_nothing)
        response = walker.post("conversation-skip", {}, walker.open().public_id)
        assert response.status_code == 200
        assert asked == []  # beat looks at conversations
        end_participation(participation=walker.participation, outcome=Outcome.COMPLETE)
    assert asked == [walker.participation.pk]
    for look in (tasks.review_new_work, tasks.review_recent_work):
        reviewed: list[int] = []
        monkeypatch.setattr(looking, "review_each", reviewed.extend)
        look()
        assert reviewed == [walker.participation.pk]


def test_a_beat_looks_at_nobody_whose_last_conversation_it_has_seen(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    walker.post("conversation-skip", {}, walker.open().public_id)
    pk = walker.participation.pk
    long_ago = timezone.now() - timedelta(hours=1)
    walker.participation.conversations.update(ended_at=long_ago)
    assert pk not in participations_to_review(within=NEW_WORK)
    assert pk in participations_to_review()


def test_a_review_of_somebody_who_is_gone_does_nothing() -> None:
    tasks.review_participation(10**9)
    assert not Flag.objects.exists()


def test_an_error_at_one_person_keeps_nobody_else_from_being_looked_at(
    link: RecruitmentLink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says where, without what she wrote."""
    walkers = [Walker(link) for _person in range(3)]
    for walker in walkers:
        walker.enter()
    people = [walker.participation.pk for walker in walkers]
    looked: list[int] = []
    real = looking.review_work

    def review_work(*, participation: Participation, norms: Any) -> None:
        if participation.pk == people[1]:
            raise ValueError("Ma question secrète")
        looked.append(participation.pk)
        real(participation=participation, norms=norms)

    monkeypatch.setattr(looking, "review_work", review_work)
    with pytest.raises(ReviewsFailedError, match="1 of 3 people"):
        looking.review_each(people)
    assert looked == [people[0], people[2]]
    assert "a review failed: ValueError in test_reviews.py" in caplog.text
    assert "secrète" not in caplog.text
    result = tasks.review_participation.apply((people[1],))
    assert result.failed(), "the task says so, too"
    assert "secrète" not in str(result.traceback)

"""Whoever leaves in the middle is noted after a day, and is welcome back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.break_offs import note_break_offs
from annotation.models import Conversation, Grant, RecruitmentLink, Slot
from candidates.generation import complete_candidate_set
from config.celery import app
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def at_work(link: RecruitmentLink) -> tuple[Walker, Conversation]:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    return walker, conversation


def lapsed_for(conversation: Conversation, **ago: int) -> None:
    assert conversation.grant is not None
    Slot.objects.filter(pk=conversation.grant.slot_id).update(
        leased_until=timezone.now() - timedelta(**ago)
    )


def grant_of(conversation: Conversation) -> Grant:
    return Grant.objects.get(conversation=conversation)


def test_a_break_off_is_noted_after_a_day_with_the_step_where_she_stood(
    link: RecruitmentLink,
) -> None:
    _walker, conversation = at_work(link)
    lapsed_for(conversation, hours=25)
    assert note_break_offs() == 1
    grant = grant_of(conversation)
    assert (grant.disposition, grant.reason) == ("broke_off", "rank")
    assert grant.ended_at is not None
    conversation.refresh_from_db()
    assert conversation.is_open
    assert note_break_offs() == 0


@pytest.mark.parametrize("ago", [{"hours": 23}, {"minutes": -5}])
def test_a_shorter_absence_is_no_break_off(link: RecruitmentLink, ago: dict[str, int]) -> None:
    _walker, conversation = at_work(link)
    lapsed_for(conversation, **ago)
    assert note_break_offs() == 0
    assert grant_of(conversation).disposition == ""


def test_whoever_returns_completes_it_all_the_same(link: RecruitmentLink) -> None:
    walker, conversation = at_work(link)
    lapsed_for(conversation, hours=30)
    note_break_offs()
    walker.rank(walker.current_turn(conversation))
    grant = grant_of(conversation)
    assert (grant.disposition, grant.reason) == ("completed", "")
    assert Slot.objects.get(pk=grant.slot_id).status == "done"


def test_whoever_returns_and_would_rather_not_answer_is_kept_as_skipped(
    link: RecruitmentLink,
) -> None:
    walker, conversation = at_work(link)
    lapsed_for(conversation, hours=30)
    note_break_offs()
    walker.post("conversation-skip", {"reason": "too close"}, conversation.public_id)
    grant = grant_of(conversation)
    assert (grant.disposition, grant.reason) == ("skipped", "too close")


def test_her_place_is_given_to_somebody_else_and_the_break_off_stays(
    link: RecruitmentLink,
) -> None:
    _walker, conversation = at_work(link)
    lapsed_for(conversation, hours=30)
    note_break_offs()
    grant = grant_of(conversation)
    Slot.objects.filter(locale__country="FR").exclude(pk=grant.slot_id).update(status="void")
    other = Walker(link)
    other.enter()
    assert other.open_kind("pool").grant is not None
    assert grant_of(conversation).disposition == "broke_off"


def test_a_judged_turn_is_no_break_off(link: RecruitmentLink) -> None:
    walker, conversation = at_work(link)
    turn = walker.current_turn(conversation)
    walker.rank(turn)
    complete_candidate_set(walker.current_turn(conversation).candidate_set_id)
    lapsed_for(conversation, hours=48)
    assert note_break_offs() == 0


def test_beat_looks_for_break_offs() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert "annotation.tasks.note_break_offs" in names
    app.loader.import_default_modules()
    assert names <= set(app.tasks)

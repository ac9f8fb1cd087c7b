"""How grants ended and where people stopped, each of them counted once."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from annotation.break_offs import note_break_offs
from annotation.models import Conversation, Grant, Ranking, RecruitmentLink, Slot, Turn
from insights.dispositions import broke_off, dispositions, left_open
from tests.made_once import Once
from tests.walker import Walker

pytestmark = pytest.mark.django_db
DAYS = timedelta(hours=25)


def entered(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    return walker


def a_day_later() -> None:
    """Whatever happened, happened more than a day ago."""
    long_ago = timezone.now() - DAYS
    Conversation.objects.update(opened_at=long_ago)
    Turn.objects.update(started_at=long_ago)
    Turn.objects.exclude(shown_at=None).update(shown_at=long_ago)
    Slot.objects.filter(leased_until__gt=long_ago).update(leased_until=long_ago)


def french(link: RecruitmentLink) -> dict[str, int]:
    table = dispositions(link.study, "main")
    row = next(counts for locale, counts, _n in table.rows if str(locale) == "FR-fr")
    found = zip((code for code, _label in table.columns), row, strict=True)
    return {code: n for code, n in found if n}


def test_every_grant_stands_in_one_column(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    walker.post("conversation-skip", {}, conversation.public_id)
    walker.rank(walker.current_turn(entered_pool := walker.open_kind("pool")))
    assert entered_pool.grant is not None
    entered(link).open_kind("pool")
    assert french(link) == {"skipped": 1, "completed": 1, "": 1}
    table = dispositions(link.study, "main")
    assert table.total == sum(table.totals) == Grant.objects.count() == 3


def test_a_break_off_is_told_with_its_step(link: RecruitmentLink) -> None:
    entered(link).open_kind("pool")
    assert broke_off(link.study, "main") == []
    a_day_later()
    note_break_offs()
    (stop,) = broke_off(link.study, "main")
    with translation.override("en"):
        assert (stop.locale, stop.turn, str(stop.step), stop.people) == ("FR-fr", 1, "judging", 1)


def test_own_conversations_left_open_are_counted_by_kind_and_step(link: RecruitmentLink) -> None:
    entered(link).open_kind("own")
    assert left_open(link.study, "main") == []  # she was here a moment ago
    a_day_later()
    entered(link).open_kind("pool")
    with translation.override("en"):
        (stop,) = left_open(link.study, "main")
        stands = (stop.kind, stop.turn, str(stop.step))
    assert stands == ("own prompt", 0, "writing the first message")


def test_a_later_turn_left_open_is_seen_though_its_grant_is_completed(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    walker.rank(walker.current_turn(conversation))
    Conversation.objects.filter(pk=conversation.pk).update(planned_turns=3)
    a_day_later()
    assert left_open(link.study, "main") == []  # her ranking is of today
    Ranking.objects.update(submitted_at=timezone.now() - DAYS)
    with translation.override("en"):
        (stop,) = left_open(link.study, "main")
    assert (stop.kind, stop.turn) == ("pool prompt", 2)
    assert french(link) == {"completed": 1}


def test_the_page_says_all_three(link: RecruitmentLink, client: Client) -> None:
    entered(link).open_kind("pool")
    entered(link).open_kind("own")
    a_day_later()
    note_break_offs()
    client.force_login(User.objects.create_superuser("lead", password="a-long-password"))
    page = client.get(reverse("study-dispositions", args=[link.study.key])).content.decode()
    for said in ("How grants ended", "broke off", "Broke off, by step", "own prompt", "judging"):
        assert said in page

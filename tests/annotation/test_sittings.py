"""Sittings, a day's share, the last day, and places that others hold."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import Annotator
from annotation.models import (
    Conversation,
    Explanation,
    Participation,
    Ranking,
    RecruitmentLink,
    Slot,
    Study,
    Turn,
)
from tests.walker import Walker, code_on

pytestmark = pytest.mark.django_db


class Clock:
    """The time that the code is told; it stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now().astimezone()

    def set(self, moment: str) -> None:
        self.now = datetime.fromisoformat(moment)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


def setting(link: RecruitmentLink, **values: Any) -> None:
    Study.objects.filter(pk=link.study.pk).update(**values)
    link.study.refresh_from_db()


def pass_time(**ago: float) -> None:
    """Moves every stored act into the past, as if so much time had gone by since."""
    times: dict[Any, tuple[str, ...]] = {
        Participation: ("started_at", "screened_at", "guidelines_read_at"),
        Conversation: ("opened_at", "ended_at"),
        Turn: ("started_at", "shown_at"),
        Ranking: ("submitted_at",),
        Explanation: ("written_at",),
    }
    for model, names in times.items():
        model.objects.update(**{name: F(name) - timedelta(**ago) for name in names})


def english(link: RecruitmentLink) -> Walker:
    walker = Walker(link, country="US", language="en")
    walker.enter()
    return walker


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def skip_one(walker: Walker) -> None:
    walker.post("conversation-skip", {}, walker.open().public_id)


def test_conversations_in_one_go_are_one_sitting(link: RecruitmentLink) -> None:
    walker = english(link)
    skip_one(walker)
    pass_time(minutes=59)
    skip_one(walker)
    assert list(Conversation.objects.values_list("sitting", flat=True)) == [1, 1]


def test_a_pause_of_an_hour_begins_the_next_sitting_and_says_welcome_back(
    link: RecruitmentLink,
) -> None:
    walker = english(link)
    assert "Welcome back." not in text(walker.client.get(reverse("conversations")))
    skip_one(walker)
    pass_time(minutes=61)
    page = text(walker.client.get(reverse("conversations")))
    assert "Welcome back. Conversations done so far: 1 of 3." in page
    skip_one(walker)
    assert "Welcome back." not in text(walker.client.get(reverse("conversations")))
    pass_time(days=2)
    assert walker.open().sitting == 3
    assert list(Conversation.objects.values_list("sitting", flat=True)) == [1, 2, 3]


def test_a_pause_inside_a_conversation_counts_for_the_next_one(link: RecruitmentLink) -> None:
    walker = english(link)
    conversation = walker.open()
    pass_time(hours=3)
    page = text(walker.page(conversation))
    assert "Welcome back. Conversations done so far: 0 of 3." in page
    walker.post("conversation-skip", {}, conversation.public_id)
    assert walker.open().sitting == 2


def test_a_pause_before_the_first_conversation_is_no_sitting(link: RecruitmentLink) -> None:
    walker = english(link)
    pass_time(days=1)
    assert "Welcome back." not in text(walker.client.get(reverse("conversations")))
    assert walker.open().sitting == 1


def test_a_full_day_says_when_to_go_on_and_opens_nothing(
    link: RecruitmentLink, clock: Clock
) -> None:
    clock.set("2027-03-10T20:00:00-05:00")  # New York; in London it is the 11th
    setting(link, daily_cap=2, closes_on=date(2027, 3, 31))
    walker = english(link)
    skip_one(walker)
    skip_one(walker)
    response = walker.post("conversation-open")
    assert Conversation.objects.count() == 2
    page = text(response)
    assert "Enough for today" in page
    assert "You can go on from March 11, 2027." in page
    assert "1 conversation is left." in page
    assert "until March 31, 2027" in page
    assert walker.participation.return_token in page
    clock.set("2027-03-10T23:59:00-05:00")
    assert "Enough for today" in text(walker.client.get(reverse("conversations")))
    clock.set("2027-03-11T00:01:00-05:00")
    walker.open()
    assert Conversation.objects.count() == 3


def test_an_open_conversation_can_be_finished_on_a_full_day(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, daily_cap=1)
    walker = english(link)
    conversation = walker.open()
    assert walker.page(conversation).status_code == 200
    assert walker.open() == conversation


@pytest.mark.parametrize(
    ("country", "language", "moment", "full"),
    [
        ("IN", "hi", "2027-03-10T18:40:00+00:00", False),  # past midnight in Kolkata
        ("IN", "hi", "2027-03-10T18:20:00+00:00", True),
        ("BR", "pt-br", "2027-03-11T02:50:00+00:00", True),  # still the 10th in São Paulo
        ("BR", "pt-br", "2027-03-11T03:10:00+00:00", False),
    ],
)
def test_a_day_is_a_day_of_her_country(
    link: RecruitmentLink, clock: Clock, country: str, language: str, moment: str, full: bool
) -> None:
    setting(link, daily_cap=1)
    clock.set("2027-03-10T12:00:00+00:00")
    walker = Walker(link, country=country, language=language)
    walker.enter()
    skip_one(walker)
    clock.set(moment)
    walker.post("conversation-open")
    assert Conversation.objects.count() == (1 if full else 2)


def test_the_last_day_is_told_before(link: RecruitmentLink, clock: Clock) -> None:
    clock.set("2027-03-10T12:00:00+00:00")
    setting(link, closes_on=date(2027, 3, 12))
    walker = Walker(link, country="US", language="en")
    invitation = walker.client.get(reverse("join", args=[link.key]))
    assert "You can take part until March 12, 2027" in text(invitation)
    assert "You can open conversations until March 12, 2027." in text(walker.enter())


def test_the_last_day_is_written_in_the_language_of_the_page(
    link: RecruitmentLink, clock: Clock
) -> None:
    clock.set("2027-03-10T12:00:00+00:00")
    setting(link, closes_on=date(2027, 3, 12))
    client = Walker(link).client
    client.cookies["django_language"] = "fr"
    assert "12 mars 2027" in text(client.get(reverse("join", args=[link.key])))


def test_after_the_last_day_nobody_new_joins(link: RecruitmentLink, clock: Clock) -> None:
    setting(link, closes_on=date(2027, 3, 12))
    clock.set("2027-03-13T01:00:00-05:00")
    response = Walker(link).join()
    assert response.status_code == 409
    assert "This study ended on March 12, 2027." in text(response)
    assert not Annotator.objects.exists()


def test_the_last_day_is_over_in_one_country_before_another(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, closes_on=date(2027, 3, 12))
    clock.set("2027-03-12T21:00:00-05:00")  # the 13th in India and in Europe
    late = Walker(link, country="IN", language="hi")
    late.choose()
    assert late.participation.outcome == "quota_full"
    assert late.here() == reverse("finish")
    assert english(link).here() == reverse("conversations")


def test_finished_work_is_accepted_and_paid_after_the_last_day(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, closes_on=date(2027, 3, 12))
    clock.set("2027-03-12T12:00:00-05:00")
    walker = english(link)
    skip_one(walker)
    conversation = walker.open()
    clock.set("2027-03-14T12:00:00-05:00")
    assert walker.here() == reverse("conversation", args=[conversation.public_id])
    walker.finish_conversation(conversation)
    assert walker.here() == reverse("closing")
    walker.post("conversation-open")
    assert Conversation.objects.count() == 2
    assert code_on(walker.finish())
    assert walker.participation.outcome == "complete"


def test_a_full_day_that_is_the_last_one_leads_on_to_the_end(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, closes_on=date(2027, 3, 12), daily_cap=1)
    clock.set("2027-03-12T12:00:00-05:00")
    walker = english(link)
    skip_one(walker)
    assert walker.here() == reverse("closing")
    assert code_on(walker.finish())


def test_whom_the_last_day_overtakes_before_any_conversation_is_paid_the_short_way(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, closes_on=date(2027, 3, 12))
    clock.set("2027-03-12T12:00:00-05:00")
    walker = english(link)
    clock.set("2027-03-13T12:00:00-05:00")
    assert walker.here() == reverse("finish")
    assert walker.participation.outcome == "quota_full"
    assert not walker.participation.annotator.answers.exists()


def test_the_day_until_which_data_are_kept_is_the_last_one_though_the_study_stays_open(
    link: RecruitmentLink, clock: Clock
) -> None:
    setting(link, closes_on=date(2027, 4, 30), retained_until=date(2027, 3, 12))
    clock.set("2027-03-12T12:00:00+00:00")
    page = text(Walker(link).client.get(reverse("join", args=[link.key])))
    assert "You can take part until March 12, 2027" in page
    before, busy, late = english(link), english(link), english(link)
    skip_one(late)
    conversation = busy.open()
    clock.set("2027-03-13T00:30:00+00:00")  # still the 12th in New York; erasure counts in UTC
    for walker in (before, late):
        walker.post("conversation-open")
        assert walker.here() == reverse("finish")
        assert code_on(walker.client.get(reverse("finish")))
    assert [one.participation.outcome for one in (before, late)] == ["quota_full", "complete"]
    busy.finish_conversation(conversation)
    assert busy.here() == reverse("finish"), "she is asked nothing more about herself"
    assert Conversation.objects.count() == 2
    people = Annotator.objects.count()
    assert "This study ended on March 12, 2027." in text(Walker(link).join())
    assert Annotator.objects.count() == people


def test_a_busy_pool_says_when_to_come_back(link: RecruitmentLink, clock: Clock) -> None:
    Slot.objects.filter(locale__country="US").update(leased_until=clock.now + timedelta(minutes=7))
    setting(link, own_conversations=0)
    walker = english(link)
    page = text(walker.post("conversation-open"))
    assert "other people are at work on all that is left" in page
    assert "Come back in about 7 minutes" in page
    walker.post("conversation-open", {"finish": "1"})
    assert walker.here() == reverse("closing")

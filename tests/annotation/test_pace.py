"""Minutes: from stored times, pauses cut out, and real medians once there are five people."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from annotation.models import Conversation, Grant, Participation, RecruitmentLink, Slot, Study
from annotation.moments import (
    OF_A_CONVERSATION,
    OF_A_PERSON,
    count_sittings,
    moments_of,
    worked_minutes,
)
from annotation.pace import minutes_left, study_minutes, turn_minutes, turns_left
from tests.made_once import Once
from tests.walker import Walker, entered

START = datetime.fromisoformat("2026-03-01T10:00:00+00:00")


def at(*minutes: float) -> list[datetime]:
    return [START + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    ("minutes", "worked"),
    [
        ([], 0),
        ([0], 0),
        ([0, 4, 9], 9),
        ([9, 0, 4], 9),
        ([0, 15], 15),
        ([0, 4, 60, 62], 6),
        ([0, 1440, 1445], 5),
    ],
)
def test_a_pause_longer_than_a_quarter_of_an_hour_counts_nothing(
    minutes: list[float], worked: float
) -> None:
    assert worked_minutes(at(*minutes)) == worked


@pytest.mark.parametrize(
    ("minutes", "sittings"),
    [([0], 1), ([0, 59, 118], 1), ([0, 60], 2), ([0, 5, 300, 310, 2000], 3)],
)
def test_a_pause_of_an_hour_begins_the_next_sitting(minutes: list[float], sittings: int) -> None:
    assert count_sittings(at(*minutes)) == sittings


def finished_person(link: RecruitmentLink, minutes: int, country: str = "FR") -> Participation:
    """Somebody who joined, took this long in one go, and finished."""
    walker = Walker(link)
    walker.join()
    person = walker.participation
    Participation.objects.filter(pk=person.pk).update(
        country=country,
        started_at=START,
        screened_at=START + timedelta(minutes=min(minutes, 10)),
        guidelines_read_at=START + timedelta(minutes=min(minutes, 20)),
        practised_at=START + timedelta(minutes=min(minutes, 30)),
        finished_at=START + timedelta(minutes=minutes),
        outcome="complete",
        completion_code="X",
    )
    return person


@pytest.mark.django_db
def test_below_five_people_the_plan_is_announced_then_their_median(link: RecruitmentLink) -> None:
    for minutes in (31, 33, 34, 35):
        finished_person(link, minutes)
    assert study_minutes(link.study, phase="main", country="FR") == 25
    finished_person(link, 9)
    assert study_minutes(link.study, phase="main", country="FR") == 35
    assert study_minutes(link.study, phase="main") == 35
    page = Walker(link).client.get(reverse("join", args=[link.key])).content.decode()
    assert "about 35 minutes" in page


@pytest.mark.django_db
def test_a_country_goes_by_its_own_people_and_else_by_all(link: RecruitmentLink) -> None:
    for _person in range(5):
        finished_person(link, 38, "FR")
        finished_person(link, 8, "US")
    assert study_minutes(link.study, phase="main", country="FR") == 40
    assert study_minutes(link.study, phase="main", country="US") == 8
    assert study_minutes(link.study, phase="main", country="BR") == 25  # between the two


@pytest.mark.django_db
def test_people_who_left_at_the_door_or_rehearsed_are_no_measure(link: RecruitmentLink) -> None:
    for minutes in (36, 36, 36, 36, 36):
        finished_person(link, minutes)
    Participation.objects.filter(pk__in=Participation.objects.values("pk")[:1]).update(
        phase="rehearsal"
    )
    assert study_minutes(link.study, phase="main", country="FR") == 25
    Participation.objects.update(phase="main")
    assert study_minutes(link.study, phase="main", country="FR") == 40
    Participation.objects.filter(pk__in=Participation.objects.values("pk")[:1]).update(
        outcome="quota_full"
    )
    assert study_minutes(link.study, phase="main", country="FR") == 25


@pytest.mark.django_db
def test_every_stored_act_of_a_conversation_and_of_a_person_is_a_moment(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(entered, link)
    conversation = walker.open_kind("pool")
    walker.finish_conversation(conversation)
    moments = moments_of([conversation.pk], OF_A_CONVERSATION)[conversation.pk]
    assert len(moments) == 2 + 4 * conversation.planned_turns
    assert moments == sorted(moments)
    person = walker.participation
    assert set(moments) < set(moments_of([person.pk], OF_A_PERSON)[person.pk])


@pytest.mark.django_db
def test_progress_is_told_in_conversations_and_minutes(link: RecruitmentLink) -> None:
    walker = Walker(link, country="US", language="en")
    page = walker.enter().content.decode()
    left, person = turns_left(walker.participation), walker.participation
    assert minutes_left(person) == 25
    assert "0 of 3 done." in page
    assert "About 25 minutes are left." in page
    conversation = walker.open_kind("pool")
    page = walker.page(conversation).content.decode()
    number = conversation.ordinal + 1
    assert f"Conversation {number} of 3 · about {minutes_left(person)} minutes left" in page
    walker.finish_conversation(conversation)
    assert turns_left(walker.participation) <= left - conversation.planned_turns
    assert minutes_left(walker.participation) < 25


@pytest.mark.django_db
def test_minutes_left_follow_the_real_pace_of_turns(link: RecruitmentLink) -> None:
    for _person in range(5):
        walker = Walker(link)
        walker.join()
        Participation.objects.filter(pk=walker.participation.pk).update(country="US")
        Conversation.objects.create(
            participation=walker.participation,
            ordinal=0,
            kind="own",
            locale=link.study.locales.get(country="US"),
            planned_turns=2,
            sampler=link.study.live_sampler,
            status="finished",
            opened_at=timezone.now(),
            ended_at=timezone.now() + timedelta(minutes=4),
        )
    walker = Walker(link, country="US", language="en")
    walker.enter()
    person = walker.participation
    assert minutes_left(person) in (2 * turns_left(person), 2 * turns_left(person) + 1)


@pytest.mark.django_db
def test_a_retest_is_no_measure_of_a_turn(link: RecruitmentLink) -> None:
    locale = link.study.locales.get(country="US")
    slot = Slot.objects.filter(locale=locale)[0]
    for _person in range(5):
        walker = Walker(link, country="US", language="en")
        walker.choose()
        person = walker.participation
        again = Grant.objects.create(
            slot=slot,
            participation=person,
            annotator=person.annotator,
            prompt=slot.prompt,
            occasion=1,
            disposition="completed",
            ended_at=timezone.now(),
        )
        for ordinal, (grant, turns, minutes) in enumerate([(None, 2, 4), (again, 1, 14)]):
            Conversation.objects.create(
                participation=person,
                ordinal=ordinal,
                kind="pool" if grant else "own",
                grant=grant,
                locale=locale,
                planned_turns=turns,
                sampler=link.study.live_sampler,
                status="finished",
                opened_at=timezone.now(),
                ended_at=timezone.now() + timedelta(minutes=minutes),
            )
    assert turn_minutes(person) == pytest.approx(2, abs=0.01)


@pytest.mark.django_db
def test_a_whole_plan_takes_the_minutes_that_it_states(link: RecruitmentLink) -> None:
    study = Study.objects.filter(pk=link.study.pk)
    study.update(pool_conversations=0, own_conversations=11, turn_lengths={"1": 1})
    walker = Walker(link)
    walker.enter()
    person = walker.participation
    assert (turns_left(person), minutes_left(person)) == (11, 25)


@pytest.mark.django_db
def test_nothing_left_is_zero_minutes(link: RecruitmentLink) -> None:
    Study.objects.filter(pk=link.study.pk).update(pool_conversations=0, own_conversations=0)
    walker = Walker(link)
    walker.enter()
    assert minutes_left(walker.participation) == 0

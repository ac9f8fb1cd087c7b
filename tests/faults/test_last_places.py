"""The last places of a pool, asked for by many at once: in two processes, with real commits."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from annotation.actions.conversation import open_next_conversation
from annotation.deals import find_unexplained
from annotation.models import Conversation, Grant, Participation, Ranking, RecruitmentLink, Slot
from tests.annotation.test_claiming import lapse
from tests.faults.test_simultaneous import at_once
from tests.processes import Site
from tests.raw_http import RawPerson, path_of, ranking_fields
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db(transaction=True)

HERE, THERE = 4, 3  # people served by this process, and by another
PROMPTS, TARGET = 3, 2


@pytest.fixture
def pool_alone(link: RecruitmentLink) -> RecruitmentLink:
    """Conversations of one turn about every prompt of the pool, with nothing to explain."""
    study = link.study
    study.pool_conversations, study.own_conversations = PROMPTS, 0
    study.turn_lengths = {"1": 1}
    study.save()
    link.wave.explanation_policy = "off"
    link.wave.save()
    return link


class OfThisProcess:
    """Somebody whose pages are made in this process."""

    def __init__(self, link: RecruitmentLink) -> None:
        self.walker: Walker = entered(link)
        self.participation = self.walker.participation

    def ask(self) -> None:
        assert self.walker.post("conversation-open").status_code == 200

    def judge(self, conversation: Conversation) -> None:
        turn = conversation.turns.get(position=1)
        assert self.walker.rank(turn).status_code == 200

    def close(self) -> None:
        connection.close()


class OfAnother:
    """Somebody who is served by the web process."""

    def __init__(self, site: Site, link: RecruitmentLink) -> None:
        self.browser = RawPerson(site.address, link).enter(country="FR", language="fr")
        self.participation = self.browser.participation

    def ask(self) -> None:
        assert self.browser.post(reverse("conversation-open")).status_code == 302

    def judge(self, conversation: Conversation) -> None:
        self.browser.get(path_of(conversation))
        fields = ranking_fields(conversation.turns.get(position=1))
        answer = self.browser.post(path_of(conversation, "ranking-submit", 1), fields)
        assert answer.status_code == 302

    def close(self) -> None:
        self.browser.close()
        connection.close()


def work(person: OfThisProcess | OfAnother, deadline: float) -> int:
    """Judges all she is given until the pool is over for her; how many that was."""
    judged, mine = 0, Conversation.objects.filter(participation=person.participation)
    while time.monotonic() < deadline:
        person.ask()
        given = mine.filter(status="open").first()
        if given:
            person.judge(given)
            judged += 1
        elif mine.count() == PROMPTS or is_told(person.participation):
            return judged
    raise AssertionError("somebody still waits for a place")


def is_told(participation: Participation) -> bool:
    told = Participation.objects.filter(pk=participation.pk).exclude(pool_exhausted_at=None)
    return told.exists()


def let_leases_lapse(at_rest: Event) -> None:
    """Again and again all who hold a place are too slow, also in the middle of a submission."""
    while not at_rest.wait(0.05):
        held = Slot.objects.open().exclude(holder=None)
        held.update(leased_until=timezone.now() - timedelta(seconds=1))
    connection.close()


def test_two_processes_fill_the_last_places_exactly_while_leases_lapse(
    pool_alone: RecruitmentLink, site: Site
) -> None:
    people: list[OfThisProcess | OfAnother] = []
    people += [OfThisProcess(pool_alone) for _person in range(HERE)]
    people += [OfAnother(site, pool_alone) for _person in range(THERE)]
    at_rest, deadline = Event(), time.monotonic() + 240

    def play(number: int) -> int:
        try:
            return work(people[number], deadline)
        finally:
            people[number].close()

    with ThreadPoolExecutor(1) as beside:
        lapsing = beside.submit(let_leases_lapse, at_rest)
        try:
            judged = at_once(play, len(people))
        finally:
            at_rest.set()
        lapsing.result()
    french = Slot.objects.filter(locale__country="FR")
    done = french.filter(status="done")
    assert done.count() == french.count() == PROMPTS * TARGET
    assert len(set(done.values_list("candidate_set", "holder"))) == PROMPTS * TARGET
    endings = list(Grant.objects.values_list("disposition", flat=True))
    assert set(endings) <= {"completed", "surplus"}
    assert endings.count("completed") == PROMPTS * TARGET
    assert len(endings) == sum(judged) == Ranking.objects.count()
    assert not list(find_unexplained(pool_alone.study, "main"))


def test_a_place_that_is_locked_is_passed_over_and_nobody_waits(
    pool_alone: RecruitmentLink,
) -> None:
    first, second, third = (entered(pool_alone).participation for _person in range(3))
    french = Slot.objects.filter(locale__country="FR")
    held = open_next_conversation(participation=first)
    assert held is not None and held.grant is not None
    french.exclude(pk=held.grant.slot_id).update(status="void")
    lapse(first)

    def ask(participation: Participation) -> Conversation | None:
        return open_next_conversation(participation=participation)

    with transaction.atomic():
        french.select_for_update().get(pk=held.grant.slot_id)
        # Whoever waited for the lock here would wait for ever.
        assert at_once(lambda _number: ask(second), 1) == [None]
    assert not is_told(second), "busy at this moment is not the end of the pool"
    got = at_once(lambda number: ask([second, third][number]), 2)
    assert sorted(one is None for one in got) == [False, True]
    assert Grant.objects.get(conversation=held).disposition == "timed_out"
    assert french.get(status="open").holder in {second, third}

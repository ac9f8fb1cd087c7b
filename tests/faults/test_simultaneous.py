"""Many at once, through the whole stack in threads, with real commits."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from annotation.actions.draft import save_draft
from annotation.actions.judgement import Judgement
from annotation.actions.submission import submit_ranking
from annotation.dealing.records import find_unexplained
from annotation.models import Conversation, Grant, Ranking, RecruitmentLink, Slot, Turn
from tests.annotation.test_withdrawal import in_thread, somebody_waits_for_a_lock
from tests.processes import wait_until
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


def copy_of(client: Client) -> Client:
    copy = Client()
    copy.cookies = SimpleCookie({name: morsel.value for name, morsel in client.cookies.items()})
    return copy


def at_once(work: Any, times: int) -> list[Any]:
    def closing(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(closing, range(times)))


def test_eight_submissions_of_one_ranking_store_one_and_all_succeed(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.enter()
    conversation = walker.open_kind("pool")
    turn = walker.current_turn(conversation)
    walker.page(conversation)
    data = walker.ranking_data(turn)
    address = reverse("ranking-submit", args=[conversation.public_id, 1])
    clients = [copy_of(walker.client) for _number in range(8)]

    def submit(number: int) -> int:
        # Half repeat the same key (a double click), half are another tab's own.
        key = {"submission_key": str(uuid.uuid4())} if number % 2 else {}
        return clients[number].post(address, data | key, follow=True).status_code

    assert at_once(submit, 8) == [200] * 8
    assert Ranking.objects.count() == 1
    assert Ranking.objects.get().rows.count() == 4
    assert Turn.objects.filter(conversation=conversation).count() == 2


def test_one_key_for_many_turns_at_once_is_refused_and_never_an_error(
    link: RecruitmentLink,
) -> None:
    key = str(uuid.uuid4())
    ready = []
    for _person in range(4):
        walker = Walker(link)
        walker.enter()
        turn = walker.current_turn(walker.open_kind("pool"))
        walker.page(turn.conversation)
        ready.append((walker, turn, walker.ranking_data(turn) | {"submission_key": key}))

    def submit(number: int) -> int:
        walker, turn, data = ready[number]
        response = walker.post("ranking-submit", data, turn.conversation.public_id, 1)
        return int(response.status_code)

    assert sorted(at_once(submit, 4)) == [200, 422, 422, 422]


def ready_to_rank(link: RecruitmentLink) -> tuple[Turn, Judgement]:
    """The only turn of a conversation that ends with its ranking, on somebody's page."""
    link.study.turn_lengths = {"1": 1}
    link.study.save()
    link.wave.explanation_policy = "off"
    link.wave.save()
    walker = Walker(link)
    walker.enter()
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    handles = turn.candidate_set.candidates.values_list("handle", flat=True)
    places = {handle: place for place, handle in enumerate(handles, start=1)}
    return turn, Judgement(acceptable="yes", represents="no", places=places)


def test_who_waited_for_the_submission_that_ended_the_conversation_finds_it_stored(
    link: RecruitmentLink,
) -> None:
    turn, judgement = ready_to_rank(link)
    found: list[Ranking] = []

    def submit() -> None:
        key = uuid.uuid4()
        found.append(submit_ranking(turn=turn, submission_key=key, judgement=judgement))

    with transaction.atomic():
        first = submit_ranking(turn=turn, submission_key=uuid.uuid4(), judgement=judgement)
        second = in_thread(submit)
        wait_until(somebody_waits_for_a_lock)
    second.join(30)
    assert found == [first]
    assert not Conversation.objects.filter(pk=turn.conversation_id, status="open").exists()


def test_a_draft_that_was_being_kept_when_its_ranking_came_goes_with_it(
    link: RecruitmentLink,
) -> None:
    turn, judgement = ready_to_rank(link)
    hers = turn.conversation.participation
    path = reverse("ranking-submit", args=[turn.conversation.public_id, 1])
    with transaction.atomic():
        save_draft(participation=hers, key=path, fields={"reason": "Oui"}, based_on=None)
        submission = in_thread(
            lambda: submit_ranking(turn=turn, submission_key=uuid.uuid4(), judgement=judgement)
        )
        wait_until(somebody_waits_for_a_lock)
    submission.join(30)
    assert Ranking.objects.filter(turn=turn).exists()
    assert not hers.drafts.exists()


def test_people_who_claim_at_once_get_distinct_slots(link: RecruitmentLink) -> None:
    link.study.own_conversations = 0  # else some begin with one, and claim nothing
    link.study.save()
    walkers = [Walker(link) for _person in range(8)]
    for walker in walkers:
        walker.enter()
    Slot.objects.filter(ordinal=1).update(status="void")  # three left for eight in France

    def open_one(number: int) -> int:
        return int(walkers[number].post("conversation-open").status_code)

    assert at_once(open_one, 8) == [200] * 8
    granted = list(Grant.objects.values_list("slot", flat=True))
    assert len(granted) == len(set(granted)) == 3
    assert list(find_unexplained(link.study, "main")) == []


def test_one_recruitment_id_clicked_at_once_is_one_person(link: RecruitmentLink) -> None:
    at_once(lambda _number: Walker(link).join(external_id="same"), 6)
    assert link.vendor.annotator_set.count() == 1

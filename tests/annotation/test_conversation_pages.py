"""Reading, ranking, writing on, explaining: over HTTP, on real pages."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import (
    Conversation,
    Explanation,
    Grant,
    RankedCandidate,
    Ranking,
    RecruitmentLink,
    Slot,
    Turn,
)
from candidates.generation import complete_candidate_set
from candidates.models import CandidateSet
from tests.made_once import Once
from tests.provider import Provider
from tests.walker import CLOSING, Walker, code_on, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def test_a_ranking_starts_empty(walker: Walker) -> None:
    page = walker.page(walker.open_kind("pool")).content.decode()
    assert page.count("data-answer") == 4
    assert "checked" not in page


def test_an_unranked_page_is_refused_with_the_reason_beside_the_control(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    walker.post("interface-language", {"language": "en", "next": "/"})
    turn = walker.current_turn(conversation)
    data = {"submission_key": uuid.uuid4(), "next_message": "What I had typed"}
    response = walker.post("ranking-submit", data, conversation.public_id, 1)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count('class="error">Give this answer a place.') == 4
    assert "What I had typed" in page
    assert not Ranking.objects.exists()
    assert turn.conversation.turns.count() == 1


def test_a_ranking_is_stored_as_it_was_given(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    response = walker.rank(turn, [3, 1, 2, 2], reason="Trop froides")
    assert response.status_code == 200
    ranking = Ranking.objects.get(turn=turn)
    shown = {row.candidate_id: row.letter for row in turn.shown.all()}
    ranks = {shown[row.candidate_id]: row.rank for row in ranking.rows.all()}
    assert ranks == {"A": 4, "B": 1, "C": 2, "D": 2}
    assert shown[ranking.chosen_id] == "B"
    assert (ranking.acceptable, ranking.represents) == ("yes", "no")
    assert ranking.reason == "Trop froides"
    following = turn.conversation.turns.get(position=2)
    assert following.message == "Et si cela ne suffit pas ?"
    assert [message["role"] for message in following.candidate_set.context] == [
        "user", "assistant", "user",
    ]  # fmt: skip
    assert following.candidate_set.context[1]["content"] == ranking.chosen.text


def test_the_page_echoes_the_stored_order(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    page = walker.rank(turn, [4, 3, 2, 1]).content.decode()
    letters = [chunk[0] for chunk in page.split('class="letter">')[1:]]
    assert letters == ["D", "C", "B", "A"]


def test_a_tie_for_first_place_asks_which_one_continues(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    refused = walker.rank(turn, [1, 1, 3, 4])
    assert refused.status_code == 422
    assert not Ranking.objects.exists()
    second = turn.shown.all()[1].candidate
    walker.rank(turn, [1, 1, 3, 4], continue_with=second.handle)
    assert Ranking.objects.get().chosen == second
    assert list(RankedCandidate.objects.order_by("rank").values_list("rank", flat=True)) == [
        1,
        1,
        3,
        4,
    ]


def test_the_pick_must_be_among_the_first(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    last = turn.shown.all()[3].candidate
    assert walker.rank(turn, [1, 1, 3, 4], continue_with=last.handle).status_code == 422


def test_a_place_for_a_candidate_that_was_not_shown_changes_nothing(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    data = walker.ranking_data(turn)
    missing = next(name for name in data if name.startswith("place_"))
    del data[missing]
    data["place_0123456789abcdef"] = "1"
    response = walker.post("ranking-submit", data, turn.conversation.public_id, 1)
    assert response.status_code == 422
    assert not Ranking.objects.exists()


def test_a_repeated_submission_is_answered_as_success(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    data = walker.ranking_data(turn)
    for _click in range(2):
        response = walker.post("ranking-submit", data, turn.conversation.public_id, 1)
        assert response.status_code == 200
    assert Ranking.objects.count() == 1
    assert turn.conversation.turns.count() == 2


def test_the_next_message_is_needed_and_nothing_is_half_written(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    response = walker.rank(turn, next_message="  ")
    assert response.status_code == 422
    assert not Ranking.objects.exists()
    assert Slot.objects.filter(status="done").count() == 0


def test_the_order_shown_is_stored_once(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    pages = [walker.page(conversation).content.decode() for _look in range(2)]
    handles = [page.split('data-handle="')[1:] for page in pages]
    first = [chunk[:16] for chunk in handles[0]]
    assert first == [chunk[:16] for chunk in handles[1]]
    turn = walker.current_turn(conversation)
    assert first == [row.candidate.handle for row in turn.shown.select_related("candidate")]


def test_an_explanation_may_stay_empty_and_is_stored_as_asked(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    walker.explain(turn, "")
    assert Explanation.objects.get(turn=turn).text == ""


def test_a_second_explanation_does_not_replace_the_first(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    walker.explain(turn, "A")
    walker.explain(turn, "B")
    assert Explanation.objects.get(turn=turn).text == "A"


def test_an_explanation_without_a_ranking_is_refused(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.page(turn.conversation)
    assert walker.explain(turn).status_code == 422
    assert not Explanation.objects.exists()


def test_a_required_explanation_is_required(walker: Walker) -> None:
    wave = walker.participation.wave
    wave.explanation_policy = "required"
    wave.save(update_fields=["explanation_policy"])
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    assert walker.explain(turn, "").status_code == 422
    assert not Explanation.objects.exists()


def test_without_explanations_the_last_ranking_ends_the_conversation(walker: Walker) -> None:
    wave = walker.participation.wave
    wave.explanation_policy = "off"
    wave.save(update_fields=["explanation_policy"])
    conversation = walker.open_kind("pool")
    for _position in range(conversation.planned_turns):
        turn = walker.current_turn(conversation)
        complete_candidate_set(turn.candidate_set_id)
        walker.rank(turn)
    conversation.refresh_from_db()
    assert conversation.status == "finished"


def test_an_own_conversation_shows_the_instruction_first(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    page = walker.page(conversation).content.decode()
    assert "Ouvrez" in page
    assert (
        walker.post("own-prompt-write", {"message": " "}, conversation.public_id).status_code == 422
    )
    for _click in range(2):
        walker.post("own-prompt-write", {"message": "Que faire ?"}, conversation.public_id)
    turn = Turn.objects.get(conversation=conversation)
    assert turn.message == "Que faire ?"
    assert turn.live
    assert CandidateSet.objects.filter(urgent=True).count() == 1


def test_a_set_that_is_not_ready_is_never_shown(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "Que faire ?"}, conversation.public_id)
    page = walker.page(conversation).content.decode()
    assert "data-answer" not in page
    turn = walker.current_turn(conversation)
    response = walker.post(
        "ranking-submit", {"submission_key": uuid.uuid4()}, conversation.public_id, 1
    )
    assert response.status_code == 422
    assert not turn.shown.exists()


def test_a_failure_offers_ways_on_and_never_its_text(walker: Walker, provider: Provider) -> None:
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "Que faire ?"}, conversation.public_id)
    turn = walker.current_turn(conversation)
    provider.misbehave("fewer_parts", times=4)
    while complete_candidate_set(turn.candidate_set_id).status != "failed":
        pass
    page = walker.page(conversation).content.decode()
    assert reverse("generation-retry", args=[conversation.public_id, 1]) in page
    assert "data-answer" not in page
    walker.post("generation-retry", {}, conversation.public_id, 1)
    provider.behave()
    complete_candidate_set(turn.candidate_set_id)
    assert walker.page(conversation).content.decode().count("data-answer") == 4


def test_a_failed_conversation_can_be_left_and_counts(walker: Walker, provider: Provider) -> None:
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "Que faire ?"}, conversation.public_id)
    turn = walker.current_turn(conversation)
    provider.misbehave("special_tokens", times=4)
    while complete_candidate_set(turn.candidate_set_id).status != "failed":
        pass
    walker.post("conversation-leave", {}, conversation.public_id)
    conversation.refresh_from_db()
    assert conversation.status == "failed"


@pytest.mark.parametrize("end", ["withdraw", "conversation-skip", "conversation-leave"])
def test_a_message_is_not_tried_again_once_its_conversation_has_ended(
    walker: Walker, provider: Provider, end: str
) -> None:
    conversation = walker.open_kind("own")
    walker.post("own-prompt-write", {"message": "Que faire ?"}, conversation.public_id)
    turn = walker.current_turn(conversation)
    provider.misbehave("fewer_parts", times=4)
    while complete_candidate_set(turn.candidate_set_id).status != "failed":
        pass
    walker.post(end, {}, *([] if end == "withdraw" else [conversation.public_id]))
    walker.post("generation-retry", {}, conversation.public_id, 1)
    turn.candidate_set.refresh_from_db()
    assert turn.candidate_set.status == "failed"


def test_leaving_is_only_for_failures(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    walker.post("conversation-leave", {}, conversation.public_id)
    conversation.refresh_from_db()
    assert conversation.is_open


def test_rather_not_answer_is_stored_and_frees_the_place(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    grant = Grant.objects.get(conversation=conversation)
    for _click in range(2):
        walker.post("conversation-skip", {"reason": "Trop proche"}, conversation.public_id)
    conversation.refresh_from_db()
    grant.refresh_from_db()
    assert (conversation.status, conversation.skip_reason) == ("skipped", "Trop proche")
    assert (grant.disposition, grant.reason) == ("skipped", "Trop proche")
    assert grant.slot.holder is None
    assert grant.slot.status == "open"


def test_another_persons_conversation_is_not_found(walker: Walker, link: RecruitmentLink) -> None:
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    turn = walker.current_turn(conversation)
    data = walker.ranking_data(turn)
    stranger = Walker(link)
    stranger.enter()
    assert stranger.page(conversation).status_code == 404
    addresses: dict[str, list[Any]] = {
        "ranking-submit": [conversation.public_id, 1],
        "explanation-submit": [conversation.public_id, 1],
        "generation-retry": [conversation.public_id, 1],
        "own-prompt-write": [conversation.public_id],
        "conversation-skip": [conversation.public_id],
        "conversation-leave": [conversation.public_id],
    }
    for name, args in addresses.items():
        assert stranger.client.post(reverse(name, args=args), data).status_code == 404
    assert (
        stranger.client.get(reverse("next-answers", args=[conversation.public_id])).status_code
        == 404
    )
    conversation.refresh_from_db()
    assert conversation.is_open
    assert not Ranking.objects.exists()


def test_writes_are_posts(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    addresses: dict[str, list[Any]] = {
        "conversation-open": [],
        "ranking-submit": [conversation.public_id, 1],
        "conversation-skip": [conversation.public_id],
    }
    for name, args in addresses.items():
        assert walker.client.get(reverse(name, args=args)).status_code == 405


def test_a_form_without_its_token_is_refused(walker: Walker) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = walker.client.cookies
    assert strict.post(reverse("conversation-open")).status_code == 403


def test_htmx_gets_the_fragment_and_a_browser_the_page(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    address = reverse("conversation", args=[conversation.public_id])
    fragment = walker.client.get(address, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in walker.client.get(address, headers=restored).content.decode()


def test_the_code_comes_only_when_everything_is_stored(walker: Walker) -> None:
    assert walker.client.get(reverse("finish"), follow=True).request["PATH_INFO"] != "/finish/"
    page = walker.finish()
    code = code_on(page)
    assert walker.participation.completion_code == code
    assert code_on(walker.client.get(reverse("finish"))) == code
    finished = Conversation.objects.filter(status="finished")
    assert finished.count() == 3
    for conversation in finished:
        assert Ranking.objects.filter(turn__conversation=conversation).count() == (
            conversation.planned_turns
        )


def test_a_missing_ranking_keeps_the_code_back(walker: Walker) -> None:
    while "conversations" in walker.here():
        walker.finish_conversation(walker.open())
    lost = Ranking.objects.first()
    assert lost is not None
    lost.rows.all().delete()
    lost.delete()
    response = walker.post("closing", CLOSING)
    assert b"data-completion-code" not in response.content
    assert not walker.participation.completion_code


def test_a_change_of_language_on_a_refused_page_leads_back_to_the_work(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    data = {"submission_key": uuid.uuid4()}
    page = walker.post("ranking-submit", data, conversation.public_id, 1).content.decode()
    back = page.split('name="next" value="')[1].split('"')[0]
    response = walker.post("interface-language", {"language": "it", "next": back})
    assert response.status_code == 200
    assert "data-answer" in response.content.decode()


def test_line_ends_are_stored_as_typed(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn, next_message="Une ligne\r\nune autre")
    walker.explain(turn, "Parce que\r\noui")
    assert Explanation.objects.get().text == "Parce que\noui"
    assert turn.conversation.turns.get(position=2).message == "Une ligne\nune autre"


def test_a_tie_without_a_pick_is_told_with_all_that_is_missing(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    response = walker.rank(turn, [1, 1, 1, 1], next_message="", acceptable="")
    assert response.status_code == 422
    page = response.content.decode()
    assert page.count('class="error"') == 3


def test_an_explanation_after_the_end_is_not_stored(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    walker.post("conversation-skip", {}, turn.conversation.public_id)
    walker.explain(turn, "Trop tard")
    assert not Explanation.objects.exists()


def test_a_lost_session_leads_htmx_to_a_whole_page(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    address = reverse("conversation", args=[conversation.public_id])
    response = Client().get(address, headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == reverse("no-session")


def test_a_long_reason_for_leaving_is_cut_and_never_lost(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    walker.post("conversation-skip", {"reason": "x" * 600}, conversation.public_id)
    conversation.refresh_from_db()
    assert conversation.skip_reason == "x" * 500


def test_a_failure_during_the_explanation_is_not_called_ready(
    walker: Walker, provider: Provider
) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    following = walker.current_turn(turn.conversation)
    provider.misbehave("special_tokens", times=10)
    while complete_candidate_set(following.candidate_set_id).status != "failed":
        pass
    walker.post("interface-language", {"language": "en", "next": "/"})
    page = walker.page(turn.conversation).content.decode()
    assert "are ready" not in page
    assert "could not be written" in page


def test_a_busy_pool_asks_for_patience_and_offers_an_end(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    other = Walker(link)
    other.enter()
    Slot.objects.filter(locale__country="FR").update(
        holder=other.participation, leased_until=timezone.now() + timedelta(minutes=20)
    )
    while walker.participation.conversations.count() < 1:
        walker.finish_conversation(walker.open())  # her own one
    walker.post("interface-language", {"language": "en", "next": "/"})
    page = walker.post("conversation-open").content.decode()
    assert "Come back in about 20 minutes" in page
    assert walker.participation.pool_exhausted_at is None
    Slot.objects.filter(holder=other.participation).update(leased_until=timezone.now())
    assert walker.open().kind == "pool"


def test_somebody_who_would_not_wait_finishes(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    other = Walker(link)
    other.enter()
    Slot.objects.filter(locale__country="FR").update(
        holder=other.participation, leased_until=timezone.now() + timedelta(minutes=20)
    )
    walker.finish_conversation(walker.open())
    walker.post("conversation-open", {"finish": "1"})
    assert walker.here() == reverse("closing")


def test_an_empty_pool_ends_the_plan_kindly(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    Slot.objects.update(status="void")
    page = walker.finish()
    assert code_on(page)
    assert [c.kind for c in walker.participation.conversations.all()] == ["own"]

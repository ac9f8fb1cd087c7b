"""A script that opens a conversation receives it: the same facts, the same rules, one request."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import Conversation, Grant, RecruitmentLink, Slot, Turn, Wave
from annotation.models.study import ExplanationPolicy
from candidates.models import CandidateSet
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def ask(walker: Walker, **data: str) -> Any:
    return walker.client.post(reverse("conversation-open"), data, headers=SCRIPT)


def ask_for(walker: Walker, kind: str) -> Any:
    """Leaves what is of another kind."""
    while True:
        answer = ask(walker)
        opened = Conversation.objects.latest("pk")
        if opened.kind == kind:
            return answer
        walker.post("conversation-skip", {}, opened.public_id)


def test_the_answer_is_the_conversation_with_its_address(walker: Walker) -> None:
    answer = ask_for(walker, "pool")
    turn = Turn.objects.get(conversation=Conversation.objects.latest("pk"))
    place = turn.conversation.public_id
    assert answer.status_code == 200
    assert answer["HX-Push-Url"] == reverse("conversation", args=[place])
    page = answer.content.decode()
    assert "<html" not in page
    assert reverse("ranking-submit", args=[place, 1]) in page
    shown = list(turn.shown.select_related("candidate"))
    assert turn.shown_at and len(shown) == 4
    places = [page.index(f'data-handle="{row.candidate.handle}"') for row in shown]
    assert places == sorted(places)
    assert turn.conversation.grant and turn.conversation.grant.deal.considered


def test_she_sees_the_order_that_its_own_page_would_have_shown(link: RecruitmentLink) -> None:
    """Two people, the one with a script and the other without, on places of the same row."""
    orders = []
    for with_script in (True, False):
        walker = Walker(link)
        walker.enter()
        if with_script:
            ask_for(walker, "pool")
        else:
            walker.page(walker.open_kind("pool"))
        turn = Turn.objects.latest("pk")
        orders.append(list(turn.shown.values_list("candidate__position", flat=True)))
        grant = turn.conversation.grant
        assert grant
        walker.post("conversation-skip", {}, turn.conversation.public_id)
        Slot.objects.exclude(pk=grant.slot_id).update(status=Slot.Status.VOID)
    assert orders[0] == orders[1]


def test_asking_again_gives_the_same(walker: Walker) -> None:
    first, again = ask_for(walker, "pool"), ask(walker)
    assert again["HX-Push-Url"] == first["HX-Push-Url"]
    opened = Conversation.objects.latest("pk")
    assert Turn.objects.get(conversation=opened).shown.count() == 4
    assert Grant.objects.filter(conversation=opened).count() == 1
    page = walker.client.get(first["HX-Push-Url"]).content.decode()
    handles = Turn.objects.get(conversation=opened).shown.values_list(
        "candidate__handle", flat=True
    )
    for text in (first.content.decode(), again.content.decode(), page):
        places = [text.index(f'data-handle="{handle}"') for handle in handles]
        assert places == sorted(places)


def test_what_she_entered_elsewhere_comes_with_it(walker: Walker) -> None:
    ask_for(walker, "pool")
    key = reverse("ranking-submit", args=[Conversation.objects.latest("pk").public_id, 1])
    draft = {"key": key, "revision": 0, "fields": {"reason": "Plus humain."}}
    walker.client.post(reverse("draft-save"), draft, content_type="application/json")
    assert "Plus humain." in ask(walker).content.decode()


def test_a_set_that_is_not_ready_is_not_shown(walker: Walker) -> None:
    CandidateSet.objects.update(status=CandidateSet.Status.PENDING)
    answer = ask_for(walker, "pool")
    turn = Turn.objects.latest("pk")
    assert turn.shown_at is None and not turn.shown.exists()
    assert reverse("next-answers", args=[turn.conversation.public_id]) in answer.content.decode()


def test_one_that_asks_for_nothing_more_leads_to_its_page_which_ends_it(walker: Walker) -> None:
    conversation = walker.open_kind("pool")
    Conversation.objects.filter(pk=conversation.pk).update(planned_turns=1)
    walker.rank(walker.current_turn(conversation))
    Wave.objects.update(explanation_policy=ExplanationPolicy.OFF)
    answer = ask(walker)
    page = reverse("conversation", args=[conversation.public_id])
    assert answer["HX-Redirect"] == page
    walker.client.get(page)
    conversation.refresh_from_db()
    assert conversation.status == Conversation.Status.FINISHED


def test_where_there_is_none_a_whole_page_says_why(walker: Walker, link: RecruitmentLink) -> None:
    other = entered(link)
    Slot.objects.update(holder=other.participation, leased_until="2099-12-31T00:00Z")
    while walker.participation.conversations.count() < 1:
        walker.finish_conversation(walker.open())  # her own one
    assert ask(walker)["HX-Redirect"] == reverse("conversations") + "?busy"
    assert ask(walker, finish="1")["HX-Redirect"] == reverse("here")
    assert walker.here() == reverse("closing")


def test_without_a_session_she_is_told_to_use_her_link() -> None:
    answer = Client().post(reverse("conversation-open"), headers=SCRIPT)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, reverse("no-session"))

"""Planned re-tests: the same set again, blind, in a new order, and counted nowhere."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.break_offs import note_break_offs
from annotation.deals import find_unexplained
from annotation.models import Conversation, Deal, Grant, Ranking, RecruitmentLink, Slot, Study
from annotation.pace import turns_left
from annotation.steps import conversations_due, plan_of
from insights.checklist import make_checklist
from insights.pace import locale_paces
from tests.exporting import exported_conversations
from tests.walker import Walker, code_on, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def retest_link(study: Study, vendor: Vendor) -> RecruitmentLink:
    Study.objects.filter(pk=study.pk).update(retests=2, own_conversations=0)
    study.refresh_from_db()
    return create_recruitment_link(study=study, vendor=vendor, phase="main")


def worked_to_retest(link: RecruitmentLink) -> tuple[Walker, Conversation]:
    """Everything of the pool is judged, and the first re-test is open."""
    walker = entered(link)
    while True:
        conversation = walker.open()
        if conversation.grant and conversation.grant.is_retest:
            return walker, conversation
        walker.finish_conversation(conversation)


def shown(conversation: Conversation) -> list[int]:
    turn = conversation.turns.get(position=1)
    return list(turn.shown.order_by("position").values_list("candidate", flat=True))


def test_she_meets_judged_sets_again_after_her_pool_conversations(
    retest_link: RecruitmentLink,
) -> None:
    walker = entered(retest_link)
    total = len(plan_of(walker.participation))
    page = walker.finish()
    assert code_on(page)
    conversations = list(walker.participation.conversations.order_by("ordinal"))
    assert len(conversations) == total == 4
    grants = [conversation.grant for conversation in conversations]
    assert [grant.occasion for grant in grants if grant] == [0, 0, 1, 1]
    assert {c.kind for c in conversations} == {"pool"}
    assert [c.planned_turns for c in conversations[2:]] == [1, 1]
    assert len({grant.prompt_id for grant in grants[2:] if grant}) == 2
    for again in conversations[2:]:
        assert again.grant
        first = Conversation.objects.get(
            participation=walker.participation, grant__slot=again.grant.slot, grant__occasion=0
        )
        before, after = shown(first), shown(again)
        assert sorted(before) == sorted(after)
        assert all(old != new for old, new in zip(before, after, strict=True))
        assert again.grant.disposition == "completed"


def test_a_retest_fills_no_place_and_takes_none(retest_link: RecruitmentLink) -> None:
    walker, conversation = worked_to_retest(retest_link)
    places = list(Slot.objects.order_by("pk").values())
    walker.page(conversation)
    walker.rank(walker.current_turn(conversation))
    assert list(Slot.objects.order_by("pk").values()) == places
    second = walker.open()
    if second == conversation:  # the explanation of the first is due
        walker.explain(walker.current_turn(conversation))
        second = walker.open()
    walker.post("conversation-skip", {}, second.public_id)
    assert list(Slot.objects.order_by("pk").values()) == places
    assert Grant.objects.get(conversation=second).disposition == "skipped"


def test_a_retest_of_a_place_that_came_free_leaves_its_new_holder_alone(
    retest_link: RecruitmentLink,
) -> None:
    walker, conversation = worked_to_retest(retest_link)
    other = entered(retest_link)
    assert conversation.grant
    Slot.objects.filter(pk=conversation.grant.slot_id).update(
        status="open", done_at=None, holder=None, leased_until=timezone.now() - timedelta(days=9)
    )
    given = set()
    for _claim in range(2):
        opened = other.open()
        assert opened.grant
        given.add(opened.grant.slot_id)
        walker.page(conversation)
        other.finish_conversation(opened)
    conversation.grant.refresh_from_db()
    assert conversation.grant.slot_id in given
    assert conversation.grant.disposition == ""


def test_retests_are_in_the_plan_but_not_without_judgements(retest_link: RecruitmentLink) -> None:
    walker = entered(retest_link)
    planned = [item.kind for _place, item in conversations_due(walker.participation)]
    assert planned == ["pool", "pool", "retest", "retest"]
    assert turns_left(walker.participation) == sum(
        item.turns for item in plan_of(walker.participation)
    )
    for _pool in range(2):
        walker.post("conversation-skip", {}, walker.open().public_id)
    assert conversations_due(walker.participation) == []
    assert "last-questions" in walker.here()


def test_while_others_are_at_work_on_the_pool_retests_fill_the_time(
    retest_link: RecruitmentLink,
) -> None:
    walker = entered(retest_link)
    walker.finish_conversation(walker.open())
    held = Slot.objects.open()
    held.update(
        holder=entered(retest_link).participation,
        leased_until=timezone.now() + timedelta(minutes=9),
    )
    again = walker.open()
    assert again.grant
    assert again.grant.is_retest
    walker.finish_conversation(again)
    page = walker.post("conversation-open")
    assert "busy" in page.request["QUERY_STRING"]
    walker.post("conversation-open", {"finish": "1"})
    assert "last-questions" in walker.here()


def test_what_is_exported_holds_no_retest(retest_link: RecruitmentLink, vendor: Vendor) -> None:
    walker = entered(retest_link)
    walker.finish()
    assert walker.participation.conversations.filter(status="finished").count() == 4
    found = exported_conversations(retest_link.study, vendor)
    assert [c.grant.occasion for c in found if c.grant] == [0, 0]


def test_minutes_and_a_soft_launchs_figures_are_without_retests(
    retest_link: RecruitmentLink,
) -> None:
    Study.objects.filter(pk=retest_link.study_id).update(own_conversations=1)
    walker, again = worked_to_retest(retest_link)
    walker.page(again)
    walker.rank(walker.current_turn(again), acceptable="no", represents="no")
    walker.explain(walker.current_turn(again), "This answer seems more human to me than others.")
    walker.post("conversation-skip", {}, walker.open().public_id)
    Ranking.objects.exclude(turn__conversation=again).update(acceptable="yes", represents="yes")
    done = walker.participation.conversations.filter(status="finished")
    first = done.exclude(pk=again.pk)
    assert sorted(first.values_list("kind", flat=True)) == ["own", "pool", "pool"]
    Conversation.objects.filter(pk=again.pk).update(
        opened_at=timezone.now() - timedelta(minutes=14)
    )
    study = retest_link.study
    french = next(row for row in locale_paces(study, "main") if row.locale.country == "FR")
    assert french.conversations == 3
    figures = make_checklist(study.locales.get(country="FR"), "main").figures
    names = ("none_acceptable", "none_represents", "skipped", "other_language")
    assert [figures[name] for name in names] == [0, 0, 0, 0]


def test_no_page_tells_a_retest_from_a_first_meeting(retest_link: RecruitmentLink) -> None:
    walker, conversation = worked_to_retest(retest_link)

    def pages() -> list[str]:
        """As fetched, without what is drawn anew for every page."""
        fetched = [walker.page(conversation), walker.client.get("/your-data/")]
        drawn = r'(csrfmiddlewaretoken|submission_key)" value="[^"]+"|csrf[^"]*"[^"]+"[^"]+"'
        return [re.sub(drawn, "", page.content.decode()) for page in fetched]

    assert conversation.grant
    again = pages()
    first = Grant.objects.filter(slot=conversation.grant.slot, occasion=0)
    first.update(occasion=7)
    Grant.objects.filter(pk=conversation.grant.pk).update(occasion=0)
    assert again == pages()


def test_somebody_who_left_a_retest_is_noted_only_after_a_day(
    retest_link: RecruitmentLink,
) -> None:
    _walker, conversation = worked_to_retest(retest_link)
    assert conversation.grant
    Slot.objects.filter(pk=conversation.grant.slot_id).update(
        leased_until=timezone.now() - timedelta(days=3)
    )
    assert note_break_offs() == 0
    Grant.objects.filter(pk=conversation.grant.pk).update(
        granted_at=timezone.now() - timedelta(days=3), renewed_at=None
    )
    assert note_break_offs() == 1


def test_every_retest_says_why_and_can_be_drawn_again(retest_link: RecruitmentLink) -> None:
    walker = entered(retest_link)
    walker.finish()
    deals = Deal.objects.filter(grant__participation=walker.participation).order_by("pk")
    assert [deal.rule for deal in deals] == [3, 3, 2, 2]
    assert [deal.probability for deal in deals[2:]] == [1, 1]
    assert list(find_unexplained(retest_link.study, "main")) == []

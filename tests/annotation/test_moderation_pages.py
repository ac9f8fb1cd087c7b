"""What she writes comes back, is refused, or leads to a help line: over HTTP, on real pages."""

import hashlib
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotation.actions.participation import finish_after_help
from annotation.help_lines import help_lines
from annotation.models import (
    Conversation,
    Grant,
    Moderation,
    Ranking,
    RecruitmentLink,
    Slot,
    StudyLocale,
    Turn,
)
from candidates.models import CandidateSet, ModelEndpoint
from tests.made_once import Once
from tests.walker import Walker, code_on, entered

pytestmark = pytest.mark.django_db

DESPAIR = "Je veux mourir."
THREAT = "Je vais te tuer !"
ADDRESS = "Écrivez à moi@example.org"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(reading_english, link)


def reading_english(link: RecruitmentLink) -> Walker:
    walker = entered(link)
    walker.post("interface-language", {"language": "en", "next": "/"})
    return walker


def write(walker: Walker, conversation: Conversation, message: str, **more: Any) -> Any:
    data = {"message": message, **more}
    return walker.post("own-prompt-write", data, conversation.public_id)


def test_a_message_that_passes_is_sent_and_marked(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    write(walker, conversation, "Que faire ?")
    row = Moderation.objects.get(conversation=conversation)
    assert (row.outcome, row.categories, row.source) == ("ok", [], "rules")
    assert row.turn == Turn.objects.get(conversation=conversation)
    assert row.text_sha256 == hashlib.sha256(b"Que faire ?").hexdigest()


def test_personal_data_comes_back_with_one_sentence_and_a_button(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    response = write(walker, conversation, ADDRESS)
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count('class="error">Your message seems to hold an e-mail address.') == 1
    assert 'name="confirm"' in page
    assert ADDRESS in page
    assert not conversation.turns.exists()
    write(walker, conversation, ADDRESS, confirm="yes")
    turn = conversation.turns.get()
    assert turn.message == ADDRESS
    assert [row.turn for row in Moderation.objects.filter(conversation=conversation)] == [turn] * 2


def test_a_changed_message_needs_no_confirmation(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    write(walker, conversation, ADDRESS)
    write(walker, conversation, "Que faire ?")
    assert conversation.turns.get().message == "Que faire ?"
    rows = Moderation.objects.filter(conversation=conversation)
    assert [(row.outcome, row.turn is None) for row in rows] == [("edit", True), ("ok", False)]


def test_a_threat_is_refused_with_its_reason_and_confirming_does_not_help(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    for more in ({}, {"confirm": "yes"}):
        response = write(walker, conversation, THREAT, **more)
        page = response.content.decode()
        assert response.status_code == 422
        assert page.count('class="error">This reads like a threat of violence.') == 1
        assert 'name="confirm"' not in page
    assert not conversation.turns.exists()
    assert not CandidateSet.objects.filter(urgent=True).exists()
    conversation.refresh_from_db()
    assert conversation.is_open


def test_a_next_message_comes_back_with_the_ranking_as_it_was(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    response = walker.rank(turn, [2, 1, 3, 4], next_message=ADDRESS, reason="Trop froides")
    page = response.content.decode()
    assert response.status_code == 422
    assert page.count(" checked") == 6
    assert "Trop froides" in page
    assert not Ranking.objects.exists()
    walker.rank(turn, [2, 1, 3, 4], next_message=ADDRESS, confirm="yes")
    assert Ranking.objects.get().turn == turn
    assert turn.conversation.turns.get(position=2).message == ADDRESS


def test_the_button_stays_while_something_else_is_wrong(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    response = walker.rank(turn, [1, 1, 3, 4], next_message=ADDRESS, confirm="yes")
    assert response.status_code == 422
    assert 'name="confirm"' in response.content.decode()


def test_a_refused_next_message_stores_nothing(walker: Walker) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    assert walker.rank(turn, next_message=THREAT).status_code == 422
    assert not Ranking.objects.exists()
    assert turn.conversation.turns.count() == 1


def test_despair_leads_to_the_help_line_of_her_country(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    response = write(walker, conversation, DESPAIR, confirm="yes")
    page = response.content.decode()
    assert response.request["PATH_INFO"] == reverse(
        "conversation-help", args=[conversation.public_id]
    )
    assert 'href="tel:3114"' in page
    assert DESPAIR not in page
    conversation.refresh_from_db()
    assert conversation.status == "helped"
    assert not conversation.turns.exists()
    row = Moderation.objects.get(conversation=conversation)
    assert (row.outcome, row.categories, row.turn) == ("help", ["self-harm"], None)


def test_despair_in_a_next_message_ends_the_conversation_and_frees_the_place(
    walker: Walker,
) -> None:
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn, next_message=DESPAIR)
    conversation = Conversation.objects.get(pk=turn.conversation_id)
    grant = Grant.objects.get(conversation=conversation)
    assert conversation.status == "helped"
    assert not Ranking.objects.exists()
    assert (grant.disposition, grant.slot.status, grant.slot.holder) == ("broke_off", "open", None)


def test_htmx_is_sent_to_the_whole_help_page(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    address = reverse("own-prompt-write", args=[conversation.public_id])
    response = walker.client.post(address, {"message": DESPAIR}, headers=HTMX)
    assert response["HX-Redirect"] == reverse("conversation-help", args=[conversation.public_id])


def test_she_can_stop_there_with_her_completion_code(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    write(walker, conversation, DESPAIR)
    pages = [walker.post("help-finish", {}, conversation.public_id) for _click in range(2)]
    assert code_on(pages[0]) == code_on(pages[1]) == walker.participation.completion_code
    assert walker.here() == reverse("finish")
    help_page = walker.client.get(reverse("conversation-help", args=[conversation.public_id]))
    assert "tel:3114" in help_page.content.decode()


def test_she_can_go_on_and_the_conversation_counts(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    write(walker, conversation, DESPAIR)
    assert code_on(walker.finish())
    assert walker.participation.conversations.filter(status="helped").count() == 1
    assert walker.participation.conversations.filter(status="open").count() == 0


def test_stopping_later_leaves_the_conversation_that_is_open(walker: Walker) -> None:
    first = walker.open()
    turn = walker.current_turn(first) if first.kind == "pool" else None
    if turn:
        walker.rank(turn, next_message=DESPAIR)
    else:
        write(walker, first, DESPAIR)
    second = walker.open()
    assert code_on(walker.post("help-finish", {}, first.public_id))
    second.refresh_from_db()
    assert second.status == "skipped"
    assert not Slot.objects.filter(holder=walker.participation, status="open").exists()


def test_nobody_else_gets_a_code_early(walker: Walker, link: RecruitmentLink) -> None:
    conversation = walker.open_kind("own")
    page = walker.post("help-finish", {}, conversation.public_id)
    assert "data-completion-code" not in page.content.decode()
    assert not walker.participation.completion_code
    with pytest.raises(ValidationError):
        finish_after_help(participation=walker.participation)
    address = reverse("conversation-help", args=[conversation.public_id])
    assert walker.client.get(address).status_code == 302
    write(walker, conversation, DESPAIR)
    stranger = Walker(link)
    stranger.enter()
    assert stranger.client.get(address).status_code == 404
    assert stranger.post("help-finish", {}, conversation.public_id).status_code == 404


def test_a_repeat_after_the_help_line_changes_nothing(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    for message in (DESPAIR, DESPAIR, "Que faire ?"):
        write(walker, conversation, message)
    assert not conversation.turns.exists()
    assert Moderation.objects.filter(conversation=conversation).count() == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("FR14 2004 1010 0505 0001 3M02 606", "a bank account number"),
        ("1 85 05 78 006 084 91", "a social security number"),
        ("123-45-6789 / 1 85 05 78 006 084 91", "a social security number. Please"),
        ("moi@example.org 0612345678", "an e-mail address, a phone number"),
    ],
)
def test_what_was_found_is_named_and_the_text_stays_as_typed(
    walker: Walker, text: str, named: str
) -> None:
    conversation = walker.open_kind("own")
    page = write(walker, conversation, text).content.decode()
    assert f"Your message seems to hold {named}" in page
    assert f">\n{text}</textarea>" in page
    assert not conversation.turns.exists()
    write(walker, conversation, text, confirm="yes")
    assert conversation.turns.get().message == text


def test_somebody_who_quotes_a_friend_is_met_too(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    response = write(walker, conversation, "Mon amie m'a dit : « Je veux mourir. »")
    page = response.content.decode()
    assert 'href="tel:3114"' in page
    assert "If you wrote about somebody else" in page
    conversation.refresh_from_db()
    assert conversation.status == "helped"


def test_a_failing_checker_never_keeps_work_back(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = walker.open_kind("own")
    ModelEndpoint.objects.filter(sampler=conversation.sampler).update(moderation_model="watchful")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    write(walker, conversation, "Que faire ?")
    assert conversation.turns.get().message == "Que faire ?"
    row = Moderation.objects.get(conversation=conversation)
    assert (row.outcome, row.source) == ("ok", "not checked")


def test_no_message_is_kept_with_its_verdict() -> None:
    texts = {field.name for field in Moderation._meta.fields if field.name.startswith("text")}
    assert texts == {"text_sha256"}


def test_every_country_of_the_demo_has_a_help_line(link: RecruitmentLink) -> None:
    for country in StudyLocale.objects.values_list("country", flat=True):
        assert help_lines(country)
    assert help_lines("AQ") == []

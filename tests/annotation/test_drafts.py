"""What is entered and not sent: kept, found again elsewhere, gone once it is sent."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.actions.draft import MOST_BYTES, MOST_FIELDS
from annotation.models import (
    Conversation,
    Draft,
    Explanation,
    Ranking,
    RecruitmentLink,
    Slot,
    Turn,
)
from candidates.generation import complete_candidate_set
from tests.made_once import Once
from tests.walker import CLOSING, Response, Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(once: Once, link: RecruitmentLink) -> Walker:
    return once(entered, link)


def save(client: Client, key: str, fields: dict[str, Any], revision: Any = 0) -> Response:
    return client.post(
        reverse("draft-save"),
        json.dumps({"key": key, "fields": fields, "revision": revision}),
        content_type="application/json",
        headers={"Accept": "application/json"},
    )


def ranking_key(turn: Turn) -> str:
    return reverse("ranking-submit", args=[turn.conversation.public_id, turn.position])


def prompt_key(conversation: Conversation) -> str:
    return reverse("own-prompt-write", args=[conversation.public_id])


def other_device(walker: Walker) -> Client:
    """Another browser, signed in with the personal link."""
    client = Client()
    client.post(reverse("come-back", args=[walker.participation.return_token]))
    return client


def looked_at(walker: Walker) -> Turn:
    conversation = walker.open_kind("pool")
    walker.page(conversation)
    return walker.current_turn(conversation)


def test_a_saved_ranking_stands_on_another_device(walker: Walker) -> None:
    turn = looked_at(walker)
    first, second = [row.candidate.handle for row in turn.shown.all()][:2]
    fields = {
        f"place_{first}": "2",
        f"place_{second}": "1",
        f"seen_{first}": "12.5",
        "acceptable": "cant_say",
        "next_message": "Noch « nicht » fertig,\nund <b>mehr</b>",
    }
    answer = save(walker.client, ranking_key(turn), fields)
    assert (answer.status_code, answer.json()["revision"]) == (200, 1)
    page = other_device(walker).get(reverse("here"), follow=True).content.decode()
    assert page.count(" checked") == 3
    for name, value in [(f"place_{first}", 2), (f"place_{second}", 1), ("acceptable", "cant_say")]:
        [tag] = [t for t in page.split("<input") if f'name="{name}"' in t and " checked" in t]
        assert f'value="{value}"' in tag
    assert "Noch « nicht » fertig,\nund &lt;b&gt;mehr&lt;/b&gt;" in page
    assert 'data-draft-revision="1"' in page


def test_an_own_message_and_an_explanation_are_found_again(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    save(walker.client, prompt_key(conversation), {"message": "Comment vivre"})
    assert ">\nComment vivre</textarea>" in walker.page(conversation).content.decode()
    walker.post("own-prompt-write", {"message": "Comment vivre mieux ?"}, conversation.public_id)
    turn = walker.current_turn(conversation)
    complete_candidate_set(turn.candidate_set_id)
    walker.rank(turn)
    key = reverse("explanation-submit", args=[conversation.public_id, 1])
    assert save(walker.client, key, {"text": "Elle est juste"}).status_code == 200
    assert ">\nElle est juste</textarea>" in walker.page(conversation).content.decode()
    walker.explain(turn, "Elle est juste.")
    assert not Draft.objects.exists()


def test_the_last_questions_are_found_again(walker: Walker) -> None:
    walker.participation.conversations.all().delete()
    while "conversations" in walker.here():
        conversation = walker.open()
        walker.post("conversation-skip", {}, conversation.public_id)
    fields = {"politics_refused": "on", "education": "isced_6", "ethnicity": "prefer_not_to_say"}
    assert save(walker.client, reverse("closing"), fields).status_code == 200
    page = other_device(walker).get(reverse("closing")).content.decode()
    assert 'data-draft-revision="1"' in page
    [kept] = [t for t in page.split("<input") if 'value="isced_6"' in t]
    assert " checked" in kept
    walker.post("closing", CLOSING)
    assert not Draft.objects.exists()
    assert save(walker.client, reverse("closing"), fields).status_code == 410


def test_a_stale_device_is_refused_and_given_the_newer_draft(walker: Walker) -> None:
    key = prompt_key(walker.open_kind("own"))
    save(walker.client, key, {"message": "un"})
    other = other_device(walker)
    assert save(other, key, {"message": "un deux"}, revision=1).json()["revision"] == 2
    refused = save(walker.client, key, {"message": "un trois"}, revision=1)
    assert refused.status_code == 409
    assert refused.json()["fields"] == {"message": "un deux"}
    assert Draft.objects.get().fields == {"message": "un deux"}
    kept = save(walker.client, key, {"message": "un trois"}, revision=refused.json()["revision"])
    assert kept.json()["revision"] == 3
    assert Draft.objects.get().fields == {"message": "un trois"}


def test_a_repeat_changes_nothing(walker: Walker) -> None:
    key = prompt_key(walker.open_kind("own"))
    first = save(walker.client, key, {"message": "un"}).json()
    row = Draft.objects.values().get()
    # The answer to the first was lost, so that its revision is not known.
    assert save(walker.client, key, {"message": "un"}).json() == first
    assert Draft.objects.values().get() == row


def test_looking_changes_no_draft(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    save(walker.client, prompt_key(conversation), {"message": "un"})
    row = Draft.objects.values().get()
    walker.page(conversation)
    assert Draft.objects.values().get() == row
    assert walker.client.get(reverse("draft-save")).status_code == 405


def test_a_form_of_somebody_else_is_not_found(walker: Walker, link: RecruitmentLink) -> None:
    turn = looked_at(walker)
    other = Walker(link)
    other.enter()
    assert save(other.client, ranking_key(turn), {"reason": "x"}).status_code == 404
    third = Walker(link)
    third.enter()
    own = prompt_key(third.open_kind("own"))
    assert save(other.client, own, {"message": "x"}).status_code == 404
    assert not Draft.objects.exists()


@pytest.mark.parametrize("name", ["consent", "quota", "country", "language", "here"])
def test_nothing_is_kept_of_consent_and_screening(link: RecruitmentLink, name: str) -> None:
    walker = Walker(link)
    walker.join()
    assert save(walker.client, reverse(name), {"take_part": "yes"}).status_code == 404
    assert not Draft.objects.exists()


@pytest.mark.parametrize("key", ["", "/", "/nowhere/", "/admin/", "/last-questions/?x", None, 3])
def test_an_address_that_is_no_form_is_refused(walker: Walker, key: Any) -> None:
    assert save(walker.client, key, {"text": "x"}).status_code in {400, 404}
    assert not Draft.objects.exists()


def test_the_skip_form_and_the_retry_keep_no_draft(walker: Walker) -> None:
    turn = looked_at(walker)
    key = reverse("conversation-skip", args=[turn.conversation.public_id])
    assert save(walker.client, key, {"reason": "x"}).status_code == 404


def test_last_questions_before_their_time_keep_no_draft(walker: Walker) -> None:
    assert save(walker.client, reverse("closing"), {"politics": "5"}).status_code == 410
    assert not Draft.objects.exists()


def test_too_much_is_refused(walker: Walker) -> None:
    turn = looked_at(walker)
    key = ranking_key(turn)
    assert save(walker.client, key, {"reason": "अ" * (MOST_BYTES // 3)}).status_code == 413
    many = {f"seen_{number:016x}": "1" for number in range(MOST_FIELDS + 1)}
    assert save(walker.client, key, many).status_code == 413
    assert not Draft.objects.exists()
    # The longest message that can be sent is kept in any script.
    assert save(walker.client, key, {"next_message": "अ" * 4000}).status_code == 200


@pytest.mark.parametrize("body", ["[]", "{", '{"key": 1}', '"x"', "\x00"])
def test_a_strange_body_is_refused(walker: Walker, body: str) -> None:
    looked_at(walker)
    answer = walker.client.post(
        reverse("draft-save"), body, content_type="application/json",
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 400


@pytest.mark.parametrize("fields", [["x"], {"message": 1}, {"message": ["x"]}, {"message": None}])
def test_strange_fields_are_refused(walker: Walker, fields: Any) -> None:
    key = prompt_key(walker.open_kind("own"))
    assert save(walker.client, key, fields).status_code == 400
    assert not Draft.objects.exists()


def test_characters_no_database_holds_lose_no_other(walker: Walker) -> None:
    key = prompt_key(walker.open_kind("own"))
    assert save(walker.client, key, {"message": "a\0b\ud83dc 😀"}).status_code == 200
    assert Draft.objects.get().fields == {"message": "ab?c 😀"}


def test_only_the_fields_of_the_form_are_kept(walker: Walker) -> None:
    turn = looked_at(walker)
    fields = {
        "reason": "x", "csrfmiddlewaretoken": "t", "confirm": "yes", "submission_key": "k",
        "place_zz": "1", "is_admin": "1", "represents": "",
    }  # fmt: skip
    save(walker.client, ranking_key(turn), fields)
    assert Draft.objects.get().fields == {"reason": "x"}


def test_what_is_sent_is_no_draft_any_more(walker: Walker) -> None:
    turn = looked_at(walker)
    save(walker.client, ranking_key(turn), {"reason": "x"})
    refused = walker.rank(turn, next_message="")
    assert refused.status_code == 422
    assert Draft.objects.exists()
    walker.rank(turn)
    assert Ranking.objects.get().turn == turn
    assert not Draft.objects.exists()
    # A last save that was still on its way arrives too late.
    assert save(walker.client, ranking_key(turn), {"reason": "xy"}, revision=1).status_code == 410
    assert not Draft.objects.exists()


def test_a_sent_message_is_no_draft_any_more(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    save(walker.client, prompt_key(conversation), {"message": "un"})
    walker.post("own-prompt-write", {"message": "un deux"}, conversation.public_id)
    assert not Draft.objects.exists()
    late = save(walker.client, prompt_key(conversation), {"message": "un d"}, revision=1)
    assert late.status_code == 410


def test_leaving_a_conversation_leaves_no_draft(walker: Walker) -> None:
    turn = looked_at(walker)
    save(walker.client, ranking_key(turn), {"reason": "x"})
    walker.post("conversation-skip", {}, turn.conversation.public_id)
    assert not Draft.objects.exists()
    assert save(walker.client, ranking_key(turn), {"reason": "x"}).status_code == 410


def test_a_message_that_ends_with_the_help_line_is_kept_nowhere(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    text = "Je veux me suicider ce soir"
    save(walker.client, prompt_key(conversation), {"message": text})
    help_page = reverse("conversation-help", args=[conversation.public_id])
    for _attempt in range(2):  # the answer to the first may be lost on the way
        answer = walker.client.post(prompt_key(conversation), {"message": text})
        conversation.refresh_from_db()
        assert conversation.status == Conversation.Status.HELPED
        assert answer["Location"] == help_page
    assert not Draft.objects.exists()


def test_a_lost_session_is_told_and_the_link_brings_everything_back(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    key = prompt_key(conversation)
    save(walker.client, key, {"message": "un"})
    token = walker.participation.return_token
    walker.client.logout()
    assert save(walker.client, key, {"message": "un deux"}, revision=1).status_code == 401
    submitted = walker.client.post(key, {"message": "un"}, headers={"HX-Request": "true"})
    assert (submitted.status_code, submitted["HX-Redirect"]) == (401, reverse("no-session"))
    walker.client.post(reverse("come-back", args=[token]))
    assert ">\nun</textarea>" in walker.page(conversation).content.decode()


def test_saving_keeps_the_place_of_somebody_at_work(walker: Walker) -> None:
    turn = looked_at(walker)
    slot = Slot.objects.get(holder=walker.participation)
    soon = timezone.now()
    Slot.objects.filter(pk=slot.pk).update(leased_until=soon)
    save(walker.client, ranking_key(turn), {"reason": "x"})
    slot.refresh_from_db()
    assert slot.leased_until > soon


def test_a_button_keeps_it_where_no_script_runs(walker: Walker) -> None:
    turn = looked_at(walker)
    page = walker.page(turn.conversation).content.decode()
    assert f'name="draft_key" value="{ranking_key(turn)}"' in page
    data = walker.ranking_data(turn) | {"draft_key": ranking_key(turn), "confirm": "yes"}
    answer = walker.client.post(reverse("draft-save"), data, follow=True)
    assert answer.status_code == 200
    assert answer.content.decode().count(" checked") == 6
    assert not Ranking.objects.exists()
    assert "submission_key" not in Draft.objects.get().fields
    foreign = walker.client.post(reverse("draft-save"), data | {"draft_key": "/consent/"})
    assert foreign.status_code == 404
    assert f'<p><a href="{reverse("here")}">' in foreign.content.decode()


def test_a_page_that_broke_down_leads_on_in_every_language() -> None:
    page = render_to_string("500.html")
    assert page.count(f'<a href="{reverse("here")}">') == len(settings.LANGUAGES)


def strict(walker: Walker) -> Client:
    """Her browser, with proof of origin asked for as in earnest."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = walker.client.cookies
    return client


def test_an_expired_proof_of_origin_loses_nothing(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    key, client = prompt_key(conversation), strict(walker)
    refused = save(client, key, {"message": "un"})
    assert refused.status_code == 403
    again = client.post(
        reverse("draft-save"),
        json.dumps({"key": key, "fields": {"message": "un"}, "revision": 0}),
        content_type="application/json",
        headers={"Accept": "application/json", "X-CSRFToken": refused.json()["token"]},
    )
    assert again.status_code == 200
    swapped = client.post(key, {"message": "un"}, headers={"HX-Request": "true"})
    assert (swapped.status_code, swapped["HX-Refresh"]) == (403, "true")


def test_without_a_script_an_expired_page_offers_to_send_it_again(walker: Walker) -> None:
    conversation = walker.open_kind("own")
    key, client = prompt_key(conversation), strict(walker)
    data = {"message": "Deux\nlignes <et> plus", "csrfmiddlewaretoken": "old"}
    ours = client.post(key, data, headers={"Origin": "http://testserver"})
    page = ours.content.decode()
    assert ours.status_code == 403
    assert 'name="message" hidden>\nDeux\nlignes &lt;et&gt; plus</textarea>' in page
    token = page.split('name="csrfmiddlewaretoken" value="')[-1].split('"')[0]
    client.post(key, data | {"csrfmiddlewaretoken": token})
    assert conversation.turns.get().message == "Deux\nlignes <et> plus"


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", None])
def test_a_page_elsewhere_has_nothing_put_up_for_confirmation(
    walker: Walker, origin: str | None
) -> None:
    key, client = prompt_key(walker.open_kind("own")), strict(walker)
    headers = {"Origin": origin} if origin else {}
    page = client.post(key, {"message": "chosen elsewhere"}, headers=headers)
    assert page.status_code == 403
    assert "chosen elsewhere" not in page.content.decode()


def test_nothing_of_a_draft_is_an_answer(walker: Walker) -> None:
    turn = looked_at(walker)
    save(walker.client, ranking_key(turn), {"reason": "x", "acceptable": "yes"})
    assert not Ranking.objects.exists()
    assert not Explanation.objects.exists()
    assert turn.conversation.turns.count() == 1

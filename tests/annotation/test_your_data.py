"""Somebody reads, takes along and withdraws what the study holds about her."""

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import ExternalIdentity, User
from annotation.actions.care import answer_thread
from annotation.models import Conversation, Draft, Flag, HelpThread, RecruitmentLink
from candidates.models import Generation, Sampler
from tests.annotation.test_withdrawal import HERS, typed
from tests.made_once import Once
from tests.walker import Walker, code_on, entered

pytestmark = pytest.mark.django_db


def download(walker: Walker) -> dict[str, Any]:
    response = walker.client.get(reverse("data-download"))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response["Content-Disposition"].startswith("attachment; ")
    assert "no-store" in response["Cache-Control"]
    found: dict[str, Any] = json.loads(response.content)
    return found


def page(walker: Walker) -> str:
    return walker.client.get(reverse("your-data")).content.decode()


def test_it_is_one_click_from_every_page_of_somebody_who_takes_part(
    link: RecruitmentLink,
) -> None:
    walker = Walker(link)
    fresh = walker.client.get(reverse("join", args=[link.key])).content.decode()
    assert reverse("your-data") not in fresh
    pages = [walker.join(), walker.enter()]
    conversation = walker.open_kind("pool")
    pages.append(walker.page(conversation))
    turn = walker.current_turn(conversation)
    pages += [walker.rank(turn), walker.client.get(reverse("help-desk"))]
    pages.append(entered(link).finish())
    for response in pages:
        footer = response.content.decode().split("<footer")[1]
        assert f'href="{reverse("your-data")}"' in footer


def test_the_page_says_how_much_is_stored_and_gives_her_link(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(entered, link)
    walker.finish()
    shown = page(walker)
    participation = walker.participation
    assert participation.return_token in shown
    conversations = participation.conversations.all()
    turns = sum(c.turns.count() for c in conversations)
    live = sum(c.turns.filter(live=True).count() for c in conversations)
    numbers = [int(n) for n in re.findall(r"<li>(\d+) ", shown)]
    assert numbers[:4] == [3, turns, live, turns]
    for question in ("age", "gender"):
        text = link.study.quota_instrument.questions.filter(code=question)[0].text_fr  # type: ignore[attr-defined]
        assert text in shown
    assert shown.count("<dt>") == 6 + 7  # consents, answers
    stored = participation.annotator.consents.order_by("pk")[0].decided_at
    months = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    month = months.split()[stored.month - 1]
    assert f"{stored.day} {month} {stored:%Y, %H:%M} UTC" in shown


def test_the_file_holds_everything_of_hers(once: Once, link: RecruitmentLink) -> None:
    walker = once(typed, link)
    participation = walker.participation
    Draft.objects.create(participation=participation, key="/x/", fields={"text": "half a"})
    Flag.objects.create(participation=participation, kind="speed", evidence={"turns": 3})
    researcher = User.objects.create(username="anna-of-the-team")
    answer_thread(thread=HelpThread.objects.get(), author=researcher, text="Bien sûr.")
    data = download(walker)
    assert data["you"]["number"] == participation.public_id
    assert data["recruitment"]["id"] == "recruit-77"
    assert [row["given"] for row in data["consents"]] == [True] * 6
    answers = {row["answer"] for row in data["answers_about_yourself"]}
    assert {"41", "Femme"} <= answers
    own = next(row for row in data["conversations"] if row["turns"] and row["turns"][0]["ranking"])
    stored = Conversation.objects.get(participation=participation, ordinal=own["number"] - 1)
    turn = stored.turns.get(position=1)
    first = own["turns"][0]
    assert (first["message"], first["message_is_yours"]) == (HERS, True)
    assert first["explanation"]["text"] == first["ranking"]["reason"] == HERS
    shown = list(turn.shown.select_related("candidate"))
    assert [(row["letter"], row["text"]) for row in first["answers"]] == [
        (row.letter, row.candidate.text) for row in shown
    ]
    assert [row["place"] for row in first["answers"]] == [1, 2, 3, 4]
    assert [row["continued"] for row in first["answers"]] == [True, False, False, False]
    assert first["started_at"] < first["ranking"]["submitted_at"]
    assert own["turns"][1]["message"] == HERS
    assert data["problem_reports"][0]["text"] == HERS
    assert [row["text"] for row in data["help_desk"]] == [HERS, "Bien sûr."]
    assert [row["from_you"] for row in data["help_desk"]] == [True, False]
    assert data["not_sent_yet"][0]["fields"] == {"text": "half a"}
    assert data["signals"][0]["evidence"] == {"turns": 3}
    assert own["checks_of_your_messages"]


def test_labels_are_in_her_language(once: Once, link: RecruitmentLink) -> None:
    walker = once(typed, link)
    assert download(walker)["consents"][0]["sentence"] == (
        link.study.consent_document.statements.get(purpose="take_part").text_fr  # type: ignore[attr-defined]
    )
    walker.post("interface-language", {"language": "hi"})
    answers = {row["answer"] for row in download(walker)["answers_about_yourself"]}
    assert any(re.search(r"[\u0900-\u097f]", answer) for answer in answers)


def test_neither_file_nor_page_names_a_model_a_method_or_a_researcher(
    once: Once,
    link: RecruitmentLink,
) -> None:
    walker = once(typed, link)
    researcher = User.objects.create(username="anna-of-the-team")
    answer_thread(thread=HelpThread.objects.get(), author=researcher, text="Bien sûr.")
    held = json.dumps(download(walker), ensure_ascii=False) + page(walker)
    models = set(Generation.objects.exclude(model_returned="").values_list("model_returned"))
    secrets = {name for (name,) in models} | set(Sampler.objects.values_list("key", flat=True))
    secrets |= {"nc_default", "generation_index", "temperature", "anna-of-the-team"}
    assert len(secrets) > 5
    for secret in secrets:
        assert secret not in held


def test_the_file_holds_nothing_of_anybody_else(link: RecruitmentLink) -> None:
    typed(link)
    other = entered(link)
    held = json.dumps(download(other), ensure_ascii=False)
    assert HERS not in held
    assert "recruit-77" not in held
    assert download(other)["conversations"] == download(other)["help_desk"] == []


def test_without_a_session_nothing_is_shown(client: Any, study: object) -> None:
    for name in ("your-data", "data-download", "withdraw"):
        response = client.get(reverse(name))
        assert (response.status_code, response["Location"]) == (302, reverse("no-session"))


def test_looking_and_downloading_change_nothing(once: Once, link: RecruitmentLink) -> None:
    walker = once(typed, link)
    from tests.annotation.test_withdrawal import everything_stored

    before = everything_stored()
    for name in ("your-data", "data-download", "withdraw"):
        walker.client.get(reverse(name))
    assert everything_stored() == before
    assert walker.client.get(reverse("erase")).status_code == 405


def test_withdrawing_is_asked_once_and_then_says_so_with_the_code(
    once: Once, link: RecruitmentLink
) -> None:
    walker = once(typed, link)
    asked = walker.client.get(reverse("withdraw")).content.decode()
    assert asked.split("<main")[1].count("<form") == 1
    assert 'type="checkbox"' not in asked
    response = walker.post("withdraw")
    assert response.request["PATH_INFO"] == reverse("your-data")
    participation = walker.participation
    assert participation.withdrawn_at is not None
    assert code_on(response) == participation.completion_code
    assert HERS in json.dumps(download(walker), ensure_ascii=False)
    assert walker.client.get(reverse("withdraw")).status_code == 302


def test_withdrawing_can_erase_at_once(once: Once, link: RecruitmentLink) -> None:
    walker = once(typed, link)
    response = walker.post("withdraw", {"erase": "yes"})
    assert code_on(response) == walker.participation.completion_code
    assert HERS not in json.dumps(download(walker), ensure_ascii=False)
    assert ExternalIdentity.objects.exists()


def test_erasing_can_be_asked_for_later(once: Once, link: RecruitmentLink) -> None:
    walker = once(typed, link)
    walker.post("erase")
    assert HERS in json.dumps(download(walker), ensure_ascii=False)  # only after withdrawing
    walker.post("withdraw")
    assert reverse("erase") in page(walker)
    response = walker.post("erase")
    assert 'class="stored"' in response.content.decode()
    assert HERS not in json.dumps(download(walker), ensure_ascii=False)


def test_it_works_after_finishing_too(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    code = code_on(walker.finish())
    assert "data-download" not in page(walker)
    assert reverse("data-download") in page(walker)
    response = walker.post("withdraw")
    assert code_on(response) == code
    assert walker.participation.outcome == "complete"

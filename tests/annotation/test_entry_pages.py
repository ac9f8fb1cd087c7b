"""From the join link to the first conversation."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Annotator, Answer, Consent, ExternalIdentity
from annotation.models import Participation, RecruitmentLink, Slot
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


def test_looking_at_the_link_consumes_nothing(link: RecruitmentLink, client: Client) -> None:
    for _look in range(3):
        assert client.get(reverse("join", args=[link.key])).status_code == 200
    assert client.head(reverse("join", args=[link.key])).status_code == 200
    assert Annotator.objects.count() == Participation.objects.count() == 0


def test_a_link_serves_any_number_of_people(link: RecruitmentLink) -> None:
    for _person in range(3):
        Walker(link).join()
    assert Annotator.objects.count() == 3


def test_one_browser_is_one_person(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join()
    walker.join()
    assert Annotator.objects.count() == 1


def test_one_recruitment_id_is_one_person_on_any_browser(link: RecruitmentLink) -> None:
    for _browser in range(2):
        Walker(link).join(external_id="worker-17")
    assert Annotator.objects.count() == ExternalIdentity.objects.count() == 1


def test_the_recruitment_id_comes_from_the_address(link: RecruitmentLink, client: Client) -> None:
    client.post(reverse("join", args=[link.key]) + "?PROLIFIC_PID=5f2a")
    assert ExternalIdentity.objects.get().external_id == "5f2a"


def test_start_pressed_twice_is_one_person_even_without_a_cookie(link: RecruitmentLink) -> None:
    key = str(uuid.uuid4())
    for _browser in range(2):
        Client().post(reverse("join", args=[link.key]), {"start_key": key})
    assert Annotator.objects.count() == 1


def test_two_people_at_one_browser_are_two_once_the_second_says_so(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join(external_id="person-one")
    first = walker.participation
    walker.join(external_id="person-two")
    assert walker.participation == first
    walker.join(external_id="person-two", fresh="1")
    assert walker.participation != first
    walker.join(external_id="person-one", fresh="1")
    assert walker.participation == first


@pytest.mark.parametrize("external_id", ["x" * 201, "ab\x00c"])
def test_an_impossible_recruitment_id_is_refused_and_nobody_starts(
    link: RecruitmentLink, external_id: str
) -> None:
    assert Walker(link).join(external_id=external_id).status_code == 422
    assert Annotator.objects.count() == 0


def test_the_recruitment_id_survives_a_change_of_language(
    link: RecruitmentLink, client: Client
) -> None:
    address = reverse("join", args=[link.key]) + "?PROLIFIC_PID=5f2a"
    page = client.get(address).content.decode()
    assert f'name="next" value="{address}"' in page
    client.post(reverse("interface-language"), {"language": "hi", "next": address})
    page = client.get(address).content.decode()
    assert '<html lang="hi">' in page and f'name="next" value="{address}"' in page


def test_every_language_is_named_in_itself(link: RecruitmentLink, client: Client) -> None:
    client.cookies["django_language"] = "hi"
    page = client.get(reverse("join", args=[link.key])).content.decode()
    for name in ("English", "Français", "Italiano", "Português (Brasil)", "हिन्दी"):
        assert f">{name}</option>" in page


def test_personal_pages_are_not_kept_for_others(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    response = walker.client.get(reverse("conversations"))
    assert response["Cache-Control"] == "private, no-cache"


def test_an_unknown_link_is_not_found(client: Client, db: None) -> None:
    assert client.get(reverse("join", args=["nosuchlink"])).status_code == 404


def test_a_closed_study_says_so_and_starts_nobody(link: RecruitmentLink) -> None:
    link.study.status = "closed"
    link.study.save(update_fields=["status"])
    response = Walker(link).join()
    assert response.status_code == 409
    assert "not open" in response.content.decode()
    assert Annotator.objects.count() == 0


def test_an_indian_annotator_chooses_hindi_or_english(link: RecruitmentLink) -> None:
    walker = Walker(link, country="IN", language="hi")
    walker.join()
    page = walker.post("country", {"country": "IN"}).content.decode()
    assert "हिन्दी" in page
    assert page.count('type="radio" name="locale"') == 2
    walker.post("language", {"locale": link.study.locales.get(country="IN", language="hi").pk})
    assert str(walker.participation.locale) == "IN-hi"
    assert '<html lang="hi"' in walker.client.get(reverse("quota")).content.decode()


def test_the_interface_language_changes_nothing_else(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    before = Participation.objects.values().get(pk=walker.participation.pk)
    page = walker.post("interface-language", {"language": "it", "next": reverse("conversations")})
    assert '<html lang="it">' in page.content.decode()
    after = Participation.objects.values().get(pk=walker.participation.pk)
    assert {key for key, value in before.items() if dict(after)[key] != value} == {
        "interface_language"
    }


def test_the_language_form_never_leads_off_the_site(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join()
    data = {"language": "fr", "next": "https://evil.example/"}
    response = walker.client.post(reverse("interface-language"), data)
    assert response["Location"] == reverse("here")


def test_consent_is_kept_per_purpose_with_version_and_language(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.choose()
    walker.screen()
    data = dict.fromkeys(
        ["release_choices", "release_free_text", "train_models", "recontact", "transfer_abroad"],
        "no",
    )
    walker.post("consent", data | {"take_part": "yes", "train_models": "yes"})
    given = dict(Consent.objects.values_list("purpose", "given"))
    assert {purpose for purpose, yes in given.items() if yes} == {"take_part", "train_models"}
    assert len(given) == 6
    assert set(Consent.objects.values_list("language", "document__version")) == {("fr", 1)}


def test_consent_left_open_is_refused_beside_the_question(link: RecruitmentLink) -> None:
    walker = Walker(link, country="US", language="en")
    walker.choose()
    walker.screen()
    response = walker.client.post(reverse("consent"), {"take_part": "yes"})
    assert response.status_code == 422
    assert response.content.decode().count('class="error">Answer yes or no.') == 5
    assert not Consent.objects.exists()


@pytest.mark.parametrize("age", ["17", "121", "forty", ""])
def test_an_impossible_age_is_refused_with_the_limits(link: RecruitmentLink, age: str) -> None:
    walker = Walker(link, country="US", language="en")
    walker.choose()
    response = walker.client.post(reverse("quota"), {"age": age, "gender": "male"})
    assert response.status_code == 422
    expected = "Prefer not to say" if not age else "from 18 to 120"
    assert expected in response.content.decode()
    assert not Answer.objects.exists()


def test_every_question_can_be_refused(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.choose()
    walker.post("quota", {"age_refused": "on", "gender": "prefer_not_to_say"})
    assert set(Answer.objects.values_list("status", flat=True)) == {"refused"}
    assert walker.here() == reverse("consent")


def test_nobody_jumps_ahead(link: RecruitmentLink) -> None:
    walker = Walker(link)
    walker.join()
    for name in (
        "quota",
        "consent",
        "guidelines",
        "practice",
        "conversations",
        "closing",
        "finish",
    ):
        response = walker.client.get(reverse(name), follow=True)
        assert response.request["PATH_INFO"] == reverse("country")
    walker.client.post(reverse("conversation-open"))
    assert not Slot.objects.exclude(holder=None).exists()


def test_the_return_link_leads_back_on_another_device(once: Once, link: RecruitmentLink) -> None:
    walker = once(entered, link)
    conversation = walker.open()
    other_device = Client()
    address = reverse("come-back", args=[walker.participation.return_token])
    assert other_device.get(address).status_code == 200
    assert "participation" not in other_device.session
    page = other_device.post(address, follow=True)
    assert page.redirect_chain[-1][0] == reverse("conversation", args=[conversation.public_id])


def test_a_damaged_return_link_is_explained(client: Client, db: None) -> None:
    response = client.get(reverse("come-back", args=["abc:def"]))
    assert response.status_code == 404
    assert "to its last character" in response.content.decode()


def test_without_a_session_people_are_told_to_use_their_link(client: Client, db: None) -> None:
    page = client.get(reverse("conversations"), follow=True)
    assert "Please use your link" in page.content.decode()

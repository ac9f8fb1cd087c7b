"""Who comes in by a vendor's address, over HTTP, and who is one person."""

import html
import logging
import re
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Annotator, ExternalIdentity, Vendor
from annotation.models import Participation, RecruitmentLink, Study, Wave
from annotation.recruitment.conventions import add_signature
from annotation.recruitment.passage import join_address
from tests.recruiting import KEY, VARIABLE, arrive, make_link, signed_query

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, KEY)
    return KEY


@pytest.fixture
def panel(study: Study, vendor: Vendor) -> RecruitmentLink:
    return make_link(
        study, vendor, convention="panel", signed_entry=True, signing_key_variable=VARIABLE
    )


@pytest.mark.parametrize(
    ("convention", "query", "external_id", "details"),
    [
        (
            "prolific",
            "PROLIFIC_PID=5f2a&STUDY_ID=s1&SESSION_ID=x9",
            "5f2a",
            {"STUDY_ID": "s1", "SESSION_ID": "x9"},
        ),
        (
            "cloudresearch",
            "workerId=W1&assignmentId=A1&hitId=H1",
            "W1",
            {"assignmentId": "A1", "hitId": "H1"},
        ),
        ("panel", "pid=p7", "p7", {}),
    ],
)
def test_who_was_recruited_is_kept_apart_with_the_further_ids(
    study: Study,
    vendor: Vendor,
    convention: str,
    query: str,
    external_id: str,
    details: dict[str, str],
) -> None:
    arrive(make_link(study, vendor, convention=convention), query)
    identity = ExternalIdentity.objects.get()
    assert (identity.external_id, identity.details) == (external_id, details)


def test_of_a_further_id_the_newest_is_kept(study: Study, vendor: Vendor) -> None:
    link = make_link(study, vendor, convention="prolific")
    arrive(link, "PROLIFIC_PID=5f2a&STUDY_ID=s1&SESSION_ID=first")
    arrive(link, "PROLIFIC_PID=5f2a&SESSION_ID=second")
    assert ExternalIdentity.objects.get().details == {"STUDY_ID": "s1", "SESSION_ID": "second"}


def test_a_service_without_its_id_starts_nobody(study: Study, vendor: Vendor) -> None:
    for convention in ("prolific", "cloudresearch", "panel"):
        response = arrive(make_link(study, vendor, convention=convention), "")
        assert response.status_code == 403
        assert "This link is not complete" in response.content.decode()
    assert not Annotator.objects.exists()


def test_a_preview_shows_the_invitation_and_starts_nobody(study: Study, vendor: Vendor) -> None:
    link = make_link(study, vendor, convention="cloudresearch")
    query = "assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H1"
    address = f"{reverse('join', args=[link.key])}?{query}"
    page = Client().get(address).content.decode()
    assert study.title in page
    assert "This is a preview" in page
    assert "<button" not in page.partition("<main")[2]
    assert Client().post(address).status_code == 200
    assert not Annotator.objects.exists()


def test_a_signed_address_lets_its_person_in(panel: RecruitmentLink, key: str) -> None:
    query = signed_query(panel, "pid=p%20seven")
    assert Client().get(f"{reverse('join', args=[panel.key])}?{query}").status_code == 200
    assert arrive(panel, query).status_code == 200
    assert ExternalIdentity.objects.get().external_id == "p seven"


def test_capital_digits_and_what_others_append_do_not_spoil_a_signature(
    panel: RecruitmentLink, key: str
) -> None:
    signed, _equals, signature = signed_query(panel, "pid=p7").rpartition("=")
    assert arrive(panel, f"{signed}={signature.upper()}&fbclid=x&pid=other").status_code == 200
    assert ExternalIdentity.objects.get().external_id == "p7"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda query: query.replace("pid=p7", "pid=p8"),
        lambda query: query.replace("signature=", "signature=0"),
        lambda query: query[:-1],
        lambda query: query.partition("&signature")[0],
        lambda query: query.partition("&signature")[0] + "&signature=",
        lambda query: query.partition("&signature")[0] + "&signature=%C3%A9\u00e9",
        lambda query: "signature=" + query.rpartition("=")[2] + "&pid=p7",
        lambda query: "pid=p8&" + query,
        lambda query: "",
    ],
)
def test_a_tampered_address_starts_nobody(panel: RecruitmentLink, key: str, spoil: Any) -> None:
    query = spoil(signed_query(panel, "pid=p7"))
    look = Client().get(reverse("join", args=[panel.key]), QUERY_STRING=query)
    response = arrive(panel, query)
    assert look.status_code == response.status_code == 403
    assert "This link is not complete" in response.content.decode()
    assert not Annotator.objects.exists()


def test_a_signature_serves_one_link_only(panel: RecruitmentLink, study: Study, key: str) -> None:
    other = make_link(
        study,
        Vendor.objects.create(key="vendor-b", name="Vendor B"),
        convention="panel",
        signed_entry=True,
        signing_key_variable=VARIABLE,
    )
    assert arrive(other, signed_query(panel, "pid=p7")).status_code == 403


def test_a_signature_over_no_id_is_not_enough(panel: RecruitmentLink, key: str) -> None:
    query = urlsplit(add_signature(join_address(panel), KEY)).query
    assert arrive(panel, query).status_code == 403


def test_an_id_in_the_form_is_not_believed(panel: RecruitmentLink, key: str) -> None:
    address = f"{reverse('join', args=[panel.key])}?{signed_query(panel, 'pid=p7')}"
    Client().post(address, {"pid": "p8", "external_id": "p8"})
    assert ExternalIdentity.objects.get().external_id == "p7"


def test_without_the_key_nobody_enters_and_the_log_says_why_without_secrets(
    panel: RecruitmentLink, caplog: pytest.LogCaptureFixture
) -> None:
    query = signed_query(panel, "pid=person-seven")
    with caplog.at_level(logging.ERROR):
        assert arrive(panel, query).status_code == 403
    assert not Annotator.objects.exists()
    assert VARIABLE in caplog.text
    assert "person-seven" not in caplog.text
    assert KEY not in caplog.text


def test_a_signed_address_survives_a_change_of_language(panel: RecruitmentLink, key: str) -> None:
    client = Client()
    address = f"{reverse('join', args=[panel.key])}?{signed_query(panel, 'pid=a%2Fb%20c')}"
    page = client.get(address).content.decode()
    following = re.search(r'name="next" value="([^"]+)"', page)
    assert following
    data = {"language": "hi", "next": html.unescape(following[1])}
    onward = client.post(reverse("interface-language"), data)["Location"]
    assert onward == address
    assert client.get(onward).status_code == 200


# -- One person


def test_two_links_of_one_vendor_in_two_waves_are_one_person(study: Study, vendor: Vendor) -> None:
    first = make_link(study, vendor)
    wave = Wave.objects.create(study=study, number=99, explanation_policy="off")
    second = make_link(study, vendor, wave=wave, convention="panel")
    assert first != second
    for link in (first, second):
        assert arrive(link, "pid=p7").status_code == 200
    assert Annotator.objects.count() == Participation.objects.count() == 1
    assert Participation.objects.get().wave == first.wave


def test_the_same_id_of_two_vendors_is_two_people(study: Study, vendor: Vendor) -> None:
    other = Vendor.objects.create(key="vendor-b", name="Vendor B")
    for who in (vendor, other):
        arrive(make_link(study, who), "pid=p7")
    assert Annotator.objects.count() == 2


def test_one_browser_is_one_person_through_another_vendors_link(
    study: Study, vendor: Vendor
) -> None:
    client = Client()
    arrive(make_link(study, vendor), "pid=p7", client)
    other = make_link(study, Vendor.objects.create(key="vendor-b", name="Vendor B"))
    address = reverse("join", args=[other.key])
    page = client.get(f"{address}?pid=q8").content.decode()
    assert "You are taking part already in this browser" in page
    assert "I am somebody else" in page
    client.post(f"{address}?pid=q8")
    assert Annotator.objects.count() == 1


def test_somebody_else_at_the_browser_starts_a_session_of_her_own(
    study: Study, vendor: Vendor
) -> None:
    client, link = Client(), make_link(study, vendor)
    arrive(link, "", client)
    session = client.session
    session["of-the-first"] = True
    session.save()
    client.post(reverse("join", args=[link.key]), {"fresh": "1"})
    assert Annotator.objects.count() == 2
    assert "of-the-first" not in client.session
    assert client.session.session_key != session.session_key
    assert client.session["participation"] == Participation.objects.latest("pk").pk


def test_whoever_comes_with_her_own_id_is_not_asked_whether_she_is_another(
    study: Study, vendor: Vendor
) -> None:
    client, link = Client(), make_link(study, vendor)
    arrive(link, "pid=p7", client)
    page = client.get(reverse("join", args=[link.key]) + "?pid=p7").content.decode()
    assert "You are taking part already" in page
    assert "I am somebody else" not in page


def test_looking_again_changes_no_row(study: Study, vendor: Vendor) -> None:
    client, link = Client(), make_link(study, vendor, convention="prolific")
    arrive(link, "PROLIFIC_PID=5f2a&SESSION_ID=one", client)
    before = list(ExternalIdentity.objects.values()), list(Participation.objects.values())
    for query in ("PROLIFIC_PID=5f2a&SESSION_ID=two", "PROLIFIC_PID=other"):
        for look in (client.get, client.head, Client().get, Client().head):
            assert look(f"{reverse('join', args=[link.key])}?{query}").status_code == 200
    after = list(ExternalIdentity.objects.values()), list(Participation.objects.values())
    assert after == before


def test_an_expired_invitation_that_is_sent_again_keeps_who_was_recruited(
    study: Study, vendor: Vendor
) -> None:
    link = make_link(study, vendor)
    client = Client(enforce_csrf_checks=True)
    address = reverse("join", args=[link.key]) + "?pid=p7"
    data = {"start_key": str(uuid.uuid4())}
    origin = {"Origin": "http://testserver"}
    expired = client.post(address, data, headers=origin).content.decode()
    again = re.search(r'<form method="post" action="([^"]*pid=[^"]*)"', expired)
    assert again, "the address lost the id"
    token = expired.split('name="csrfmiddlewaretoken" value="')[-1].split('"')[0]
    client.post(html.unescape(again[1]), data | {"csrfmiddlewaretoken": token})
    assert ExternalIdentity.objects.get().external_id == "p7"

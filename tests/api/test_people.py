"""People over the API: invited, looked at, paid; and nothing that joins them to the data."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import record_consent
from accounts.models import Annotator, ExternalIdentity, Purpose, User
from annotation.actions.participation import end_participation
from annotation.actions.standing import exclude, re_include
from annotation.actions.withdrawal import withdraw
from annotation.models import (
    Exclusion,
    Flag,
    Outcome,
    Participation,
    Phase,
    RecruitmentLink,
    Study,
)
from exports.models import Access, Invitation
from exports.vendors.people import Quality, describe, people_of
from exports.vendors.telling import TOGETHER, Told
from tests.api.conftest import Program
from tests.deciding import decide
from tests.recruiting import KEY, VARIABLE, make_link
from tests.walker import Walker

pytestmark = pytest.mark.django_db


def invite(program: Program, *ids: str, **more: Any) -> list[dict[str, Any]]:
    response = program.post("people/", {"ids": ids, **more})
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def press(address: str) -> Participation:
    """Opens the address and presses its button, as she would."""
    parts, client = urlsplit(address), Client()
    client.post(f"{parts.path}?{parts.query}", follow=True)
    return Participation.objects.get(pk=client.session["participation"])


def person(program: Program, external_id: str) -> dict[str, Any]:
    found: dict[str, Any] = program.get(f"people/{external_id}/").json()
    return found


def test_an_invitation_leads_its_person_in(people: Program) -> None:
    [one, two] = invite(people, "p1", "p 2/ü")
    assert (one["id"], one["new"], two["id"]) == ("p1", True, "p 2/ü")
    assert one["address"] != two["address"]
    participation = press(two["address"])
    assert participation.annotator.externalidentity.external_id == "p 2/ü"
    assert person(people, "p1")["status"] == "invited"
    assert person(people, "p%202%2F%C3%BC")["status"] == "started"


def test_inviting_twice_does_it_once(people: Program) -> None:
    first = invite(people, "p1", "p2")
    again = invite(people, "p2", "p3", "p2")
    assert [(item["id"], item["new"]) for item in again] == [("p2", False), ("p3", True)]
    assert again[0]["address"] == first[1]["address"]
    assert ExternalIdentity.objects.count() == Annotator.objects.count() == 3
    assert Invitation.objects.count() == 3


def test_a_thousand_are_invited_at_once_and_no_more(people: Program) -> None:
    assert len(invite(people, *(f"p{n}" for n in range(1000)))) == 1000
    response = people.post("people/", {"ids": [f"p{n}" for n in range(1001)]})
    assert response.status_code == 422
    assert Invitation.objects.count() == 1000


@pytest.mark.parametrize("wrong", ["", "x" * 201, "a\x00b", "a\nb", "{{%PROLIFIC_PID%}}"])
def test_an_id_that_cannot_be_one_is_named_and_nobody_is_invited(
    people: Program, wrong: str
) -> None:
    response = people.post("people/", {"ids": ["p1", wrong]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "ids/1"
    assert not Invitation.objects.exists()


def test_a_signed_link_signs_every_address(
    study: Study, people: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"signing_key_variable": VARIABLE, "signed_entry": True, "convention": "panel"}
    link = make_link(study, people.vendor, **options)
    refused = people.post("people/", {"ids": ["p1"], "link": link.key})
    assert refused.status_code == 409
    assert "not set" in refused.json()["detail"] and not Annotator.objects.exists()
    monkeypatch.setenv(VARIABLE, KEY)
    [one] = invite(people, "p1", link=link.key)
    assert press(one["address"]).link == link
    forged = one["address"].replace("pid=p1", "pid=p2")
    parts = urlsplit(forged)
    assert Client().get(f"{parts.path}?{parts.query}").status_code == 403


def test_the_latest_link_of_the_main_phase_is_used(study: Study, people: Program) -> None:
    make_link(study, people.vendor, convention="panel")
    newest = make_link(study, people.vendor, convention="prolific")
    [one] = invite(people, "p1")
    assert f"/{newest.key}/?PROLIFIC_PID=p1" in one["address"]


def test_without_a_link_nobody_can_be_invited(study: Study, people: Program) -> None:
    RecruitmentLink.objects.all().delete()
    assert "ask the research team" in people.post("people/", {"ids": ["p1"]}).json()["detail"]


def test_another_vendors_link_is_as_good_as_none(
    people: Program, their_link: RecruitmentLink
) -> None:
    theirs = people.post("people/", {"ids": ["p1"], "link": their_link.key})
    none = people.post("people/", {"ids": ["p1"], "link": "x" * 16})
    assert theirs.status_code == none.status_code == 409
    assert theirs.content == none.content


def test_the_status_follows_her_to_her_pay(people: Program) -> None:
    walker = Walker(people_link(people))
    walker.join("p1")
    assert person(people, "p1") | {"started_on": None} == {
        **{"id": "p1", "status": "started", "quality": None, "pay": None, "currency": ""},
        **{"completion_code": "", "invited_on": None, "started_on": None},
        "ended_on": None,
    }
    walker.post("country", {"country": "FR"})
    locale = people.study.locales.get(country="FR")
    locale.pay, locale.short_pay, locale.currency = 12, 1.5, "EUR"
    locale.save()
    walker.post("language", {"locale": locale.pk})
    walker.screen()
    walker.consent()
    walker.post("guidelines")
    if people.study.practice:
        walker.practise()
    walker.finish()
    found = person(people, "p1")
    assert (found["status"], found["pay"], found["currency"]) == ("finished", "12.00", "EUR")
    assert found["completion_code"] == walker.participation.completion_code
    ended = walker.participation.finished_at
    assert ended is not None and found["ended_on"] == ended.date().isoformat()
    withdraw(participation=walker.participation)
    assert person(people, "p1") == found
    with weeks_later(6):
        found = person(people, "p1")
    assert (found["status"], found["pay"], found["ended_on"]) == ("withdrawn", "12.00", None)
    assert found["completion_code"] == walker.participation.completion_code


@contextmanager
def weeks_later(weeks: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        now = timezone.now() + timedelta(weeks=weeks)
        patch.setattr(timezone, "now", lambda: now)
        yield


def test_a_withdrawal_changes_nothing_until_it_is_told_and_bears_no_day(people: Program) -> None:
    """The pseudonym vanishes at once from what leaves; on that day nobody here does."""
    for name in ("p1", "p2"):
        press(invite(people, name)[0]["address"])
    before = people.get("people/").json()
    gone = Participation.objects.get(annotator__externalidentity__external_id="p1")
    withdraw(participation=gone)
    assert people.get("people/").json() == before
    page = Client()
    page.force_login(User.objects.create_superuser("root"))
    address = reverse("vendor-people", args=[people.vendor.key])
    assert "withdrawn" not in page.get(address).text
    with weeks_later(6):
        assert "withdrawn" in page.get(address).text
        found = person(people, "p1")
    assert found["status"] == "withdrawn" and found["completion_code"]
    assert {name: value for name, value in found.items() if name.endswith("_on")} == {
        "invited_on": before["items"][0]["invited_on"],
        "started_on": before["items"][0]["started_on"],
        "ended_on": None,
    }


@pytest.mark.parametrize(("others", "status"), [("alike", "withdrawn"), ("apart", "started")])
def test_nobody_hides_behind_people_whose_pseudonyms_were_never_there(
    people: Program, others: str, status: str
) -> None:
    """Of the pilot and of those who never agreed nothing leaves, and the vendor knows them."""
    everybody = [press(invite(people, f"p{number}")[0]["address"]) for number in range(TOGETHER)]
    agreed = everybody if others == "alike" else everybody[: TOGETHER // 2]
    for one in agreed:
        record_consent(
            annotator=one.annotator,
            document=people.study.consent_document,
            given={Purpose.TAKE_PART},
            language="en",
        )
    if others == "apart":
        Participation.objects.filter(pk__in=[one.pk for one in agreed[1:]]).update(
            phase=Phase.PILOT
        )
    for one in everybody:
        withdraw(participation=Participation.objects.get(pk=one.pk))
    with weeks_later(2):
        assert person(people, "p0")["status"] == status
    with weeks_later(6):
        assert person(people, "p0")["status"] == "withdrawn"


def test_somebody_who_declined_is_told_at_once_for_nothing_of_hers_leaves(
    people: Program,
) -> None:
    participation = press(invite(people, "p1")[0]["address"])
    Participation.objects.update(declined_at=timezone.now())
    withdraw(participation=participation)
    assert person(people, "p1")["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("outcome", "status", "pay"),
    [
        (Outcome.COMPLETE, "finished", "12.00"),
        (Outcome.SCREENED_OUT, "screened_out", "1.50"),
        (Outcome.QUOTA_FULL, "quota_full", "1.50"),
        (Outcome.QUALITY, "quality", None),
    ],
)
def test_every_outcome_has_its_status_and_pay(
    people: Program, outcome: Outcome, status: str, pay: str | None
) -> None:
    participation = press(invite(people, "p1")[0]["address"])
    locale = people.study.locales.first()
    assert locale is not None
    locale.pay, locale.short_pay, locale.currency = 12, 1.5, "EUR"
    locale.save()
    Participation.objects.update(locale=locale)
    end_participation(participation=participation, outcome=outcome)
    found = person(people, "p1")
    assert (found["status"], found["pay"], found["currency"]) == (status, pay, "EUR")


def test_a_quality_decision_is_told_without_its_evidence(people: Program) -> None:
    participation = press(invite(people, "p1")[0]["address"])
    user = User.objects.create(username="r")
    flag = Flag.objects.create(
        participation=participation, kind=Flag.Kind.SPEED, evidence={"turns": 4711}
    )
    assert person(people, "p1")["quality"] is None
    decide(flag, "kept", "Short texts, said so.", user)
    assert person(people, "p1")["quality"] == "kept"
    other = Flag.objects.create(participation=participation, kind=Flag.Kind.PASTE)
    decide(other, "excluded", "All pasted.", user)
    assert person(people, "p1")["quality"] == "kept"  # the decision waits to be told
    with weeks_later(6):
        text = people.get("people/p1/").text
        assert person(people, "p1")["quality"] == "left_out"
    for word in ("4711", "speed", "paste", "pasted", "said so"):
        assert word not in text


def test_an_end_that_comes_with_being_left_out_is_told_as_late_and_bears_no_day(
    people: Program,
) -> None:
    """The feed tells in that moment which pseudonym is left out."""
    participation = press(invite(people, "p1")[0]["address"])
    flag = Flag.objects.create(participation=participation, kind=Flag.Kind.PASTE)
    before = people.get("people/").json()
    decide(flag, "excluded", "All pasted.", User.objects.create(username="r"), end=True)
    participation.refresh_from_db()
    assert participation.outcome == Outcome.QUALITY
    assert people.get("people/").json() == before
    with weeks_later(6):
        found = person(people, "p1")
    assert (found["status"], found["quality"], found["ended_on"]) == ("quality", "left_out", None)


def test_that_somebody_is_taken_back_is_told_as_late(people: Program) -> None:
    participation = press(invite(people, "p1")[0]["address"])
    user = User.objects.create(username="r")
    exclude(participation=participation, why="All pasted.", by=user)
    assert person(people, "p1")["quality"] is None
    row = {"participation": participation, "out": True, "why": "Pasted.", "by": user}
    Exclusion.objects.create(**row, at=timezone.now() - timedelta(weeks=6))
    assert person(people, "p1")["quality"] == "left_out"
    re_include(participation=participation, why="It was her own.", by=user)
    assert person(people, "p1")["quality"] == "left_out"
    with weeks_later(6):
        assert person(people, "p1")["quality"] == "kept"


def test_that_she_is_taken_back_is_never_told_before_that_she_was_left_out(
    people: Program,
) -> None:
    """Five who are taken back in one week are told of on its Monday; one left out may wait."""
    participation = press(invite(people, "p1")[0]["address"])
    user = User.objects.create(username="r")
    exclude(participation=participation, why="All pasted.", by=user)
    re_include(participation=participation, why="It was her own.", by=user)
    now, never = timezone.now(), timezone.now() - timedelta(weeks=6)

    def told(**moments: datetime) -> Quality | None:
        known = Told(**(dict.fromkeys(("withdrawn", "left_out", "taken_back"), never) | moments))
        return describe(people_of(people.study, people.vendor).get(), known).quality

    assert told() is told(taken_back=now) is None
    assert told(left_out=now) == Quality.LEFT_OUT
    assert told(left_out=now, taken_back=now) == Quality.KEPT


def test_pages_of_people_hold_each_of_them_once_in_order(people: Program) -> None:
    ids = sorted(f"p-{n * 37 % 23:02}&/ü" for n in range(23))
    invite(people, *reversed(ids))
    found, address = [], "people/?limit=5"
    while address:
        page = people.get(address).json()
        found += [item["id"] for item in page["items"]]
        address = page["next"]
    assert found == ids


def test_another_study_of_the_vendor_is_not_seen(people: Program, link: RecruitmentLink) -> None:
    invite(people, "p1")
    other = Study.objects.get(pk=people.study.pk)
    other.pk, other.key = None, "another"
    other.save()
    wave = link.wave
    wave.pk, wave.study = None, other
    wave.save()
    elsewhere = Program(
        RecruitmentLink.objects.create(
            study=other, vendor=link.vendor, wave=wave, phase=Phase.MAIN
        ),
        Access.PEOPLE,
    )
    assert elsewhere.get("people/").json()["items"] == []
    assert elsewhere.get("people/p1/").status_code == 404


def people_link(program: Program) -> RecruitmentLink:
    link = RecruitmentLink.objects.filter(vendor=program.vendor).order_by("-pk").first()
    assert link is not None
    return link


def test_the_log_names_addresses_of_the_api_and_nobodys_id(
    people: Program, caplog: pytest.LogCaptureFixture
) -> None:
    assert people.get("people/worker-unknown/").status_code == 404
    assert people.get("people/worker-unknown").status_code == 404
    participation = press(invite(people, "worker-known")[0]["address"])
    # A fault of ours.
    Participation.objects.filter(pk=participation.pk).update(
        outcome="odd", completion_code="odd", finished_at=participation.started_at
    )
    assert people.get("people/worker-known/").status_code == 500
    assert "The API failed at /api/v1/people/<path:person_id>/" in caplog.text
    assert "Not Found: /api/" in caplog.text
    # The trace that goes with a fault is of code; what it is about is not in its lines.
    said = [record.getMessage() for record in caplog.records]
    assert not [line for line in said if "worker-" in line]

"""Somebody asked the team to erase her: found by what she holds, erased with a receipt."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ExternalIdentity, User
from annotation.models import (
    AuditEntry,
    Change,
    Participation,
    Receipt,
    RecruitmentLink,
    Role,
    Study,
)
from tests.annotation.test_withdrawal import HERS, typed
from tests.team import signed_in
from tests.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def walker(link: RecruitmentLink) -> Walker:
    walker = typed(link)
    identity = {"vendor": link.vendor, "external_id": "recruit-4711"}
    ExternalIdentity.objects.update_or_create(
        annotator=walker.participation.annotator, defaults=identity
    )
    return walker


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ines"))
    return client


def address(study: Study, name: str = "study-erase", *more: str) -> str:
    return reverse(name, args=[study.key, *more])


def found(staff: Client, study: Study, **typed_in: str) -> str:
    return str(staff.post(address(study), typed_in).content.decode())


def erase(staff: Client, study: Study, page: str, why: str = "She asked by letter.") -> str:
    signed = re.search(r'name="person" value="([^"]+)"', page)
    assert signed
    data = {"person": signed[1], "why": why}
    answer = staff.post(address(study, "study-erase-confirm"), data, follow=True)
    return str(answer.content.decode())


def test_she_is_found_by_the_vendors_id_and_erased_with_a_receipt(
    walker: Walker, staff: Client, study: Study, link: RecruitmentLink
) -> None:
    page = found(staff, study, vendor=str(link.vendor.pk), external_id="recruit-4711")
    assert "Erase this person?" in page
    assert HERS not in page, "what she wrote is counted and not shown"
    assert "recruit-4711" not in page
    shown = erase(staff, study, page)
    receipt = Receipt.objects.get()
    person = walker.participation
    assert receipt.participation == person
    assert person.withdrawn_at and receipt.erased_at and receipt.erased["messages"]
    hers = (person.public_id, person.annotator.public_id, "recruit-4711", person.completion_code)
    for name in hers:
        assert name not in shown
    assert receipt.public_id in shown
    own = walker.client.get(reverse("receipt")).content.decode()
    assert receipt.public_id in own
    counts = [re.findall(r"<li>(\d+) ", page) for page in (own, shown)]
    assert counts[0] == counts[1]
    assert sorted(counts[0]) == sorted(str(n) for n in receipt.erased.values())
    entry = AuditEntry.objects.get(kind="person:erased")
    assert entry.what == f"receipt {receipt.public_id}"
    assert not [name for name in hers if name in entry.what + entry.why]


def test_recipients_of_the_feed_are_told(walker: Walker, staff: Client, study: Study) -> None:
    erase(staff, study, found(staff, study, code=walker.participation.public_id))
    kinds = Change.objects.filter(participation=walker.participation).values_list("kind", flat=True)
    assert "withdrawn" in kinds


def test_her_receipt_finds_her_who_only_withdrew(
    walker: Walker, staff: Client, study: Study
) -> None:
    walker.post("withdraw")
    receipt = Receipt.objects.get()
    assert (receipt.erased_at, receipt.erased) == (None, {})
    own = walker.client.get(reverse("receipt")).content.decode()
    assert "What was erased" not in own
    page = found(staff, study, code=receipt.public_id)
    assert "She withdrew" in page
    erase(staff, study, page)
    first = Receipt.objects.get()
    assert first.erased_at and first.by == User.objects.get()
    again = found(staff, study, code=receipt.public_id)
    assert "She was erased" in again
    assert 'name="person"' not in again
    walker.post("erase")
    assert Receipt.objects.get().erased == first.erased


def test_who_erases_herself_has_the_same_receipt(walker: Walker) -> None:
    walker.post("withdraw", {"erase": "yes"})
    receipt = Receipt.objects.get()
    assert receipt.erased["messages"]
    assert receipt.by is None
    assert not AuditEntry.objects.filter(kind="person:erased").exists()


def test_without_a_reason_nothing_happens(walker: Walker, staff: Client, study: Study) -> None:
    page = erase(staff, study, found(staff, study, code=walker.participation.public_id), why=" ")
    assert "Erase this person?" in page
    assert walker.participation.withdrawn_at is None


@pytest.mark.parametrize(
    "typed_in",
    [{}, {"code": "nobody"}, {"external_id": "recruit-4711"}, {"code": "recruit-4711"}],
)
def test_nobody_is_found_by_anything_else(
    walker: Walker, staff: Client, study: Study, typed_in: dict[str, str]
) -> None:
    answer = staff.post(address(study), typed_in)
    assert answer.status_code == 422
    assert b'name="person"' not in answer.content


def test_a_changed_text_or_another_studys_person_is_not_erased(
    walker: Walker, staff: Client, study: Study
) -> None:
    page = found(staff, study, code=walker.participation.public_id)
    erase(staff, study, page.replace('name="person" value="', 'name="person" value="x'))
    other = Study.objects.get(pk=study.pk)
    other.pk, other.key = None, "another"
    other.save()
    erase(staff, other, page)
    assert "Nobody in this study" in found(staff, other, code=walker.participation.public_id)
    assert Participation.objects.get().withdrawn_at is None


def test_only_who_may_write_the_study_erases(walker: Walker, study: Study) -> None:
    client = signed_in(study, Role.REVIEWER)
    assert client.get(address(study)).status_code == 403
    assert client.post(address(study, "study-erase-confirm")).status_code == 403
    assert client.get(address(study, "study-receipt", "x")).status_code == 403

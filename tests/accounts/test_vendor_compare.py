"""A vendor's manager compares her list with our outcomes of the vendor's own people."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.participation import end_participation
from annotation.actions.withdrawal import withdraw
from annotation.models import Outcome, Phase, RecruitmentLink, Study
from tests.walker import Walker

pytestmark = pytest.mark.django_db
LIST = "ID,Status\nP-1,APPROVED\nP-2,gone\nP-3,ACTIVE\nP-7,approved\n"


@pytest.fixture
def people(link: RecruitmentLink) -> dict[str, Walker]:
    found = {}
    for number, outcome in enumerate((Outcome.COMPLETE, Outcome.QUOTA_FULL, None), start=1):
        walker = Walker(link)
        walker.join(f"P-{number}")
        if outcome:
            end_participation(participation=walker.participation, outcome=outcome)
        found[f"P-{number}"] = walker
    return found


def send(client: Client, link: RecruitmentLink, text: str = LIST, **more: str) -> Any:
    file = SimpleUploadedFile("list.csv", text.encode("utf-8-sig"))
    data = {"link": str(link.pk), "file": file, "words": "gone=withdrawn\n"} | more
    return client.post(reverse("vendor-compare", args=[link.vendor.key]), data)


def rows_of(text: str) -> dict[str, tuple[str, ...]]:
    return {
        row["id"]: (row["verdict"], row["theirs"], row["ours"])
        for row in csv.DictReader(io.StringIO(text))
    }


def test_a_long_list_is_downloaded_from_its_own_form_and_never_sent_back(
    link: RecruitmentLink, people: dict[str, Walker], manager: Client
) -> None:
    """A hidden field is cut off by the limit for fields, 2.5 MB, which is none for files."""
    long = LIST + "".join(f"{n:040},approved\n" for n in range(60_000))
    said = send(manager, link, long).text
    (form,) = re.findall(r"<form[^>]*multipart/form-data.*?</form>", said, re.DOTALL)
    assert 'type="file"' in form and 'name="as" value="csv"' in form
    assert len(said) < 1_000_000 and 'name="text"' not in said
    assert len(rows_of(send(manager, link, long, **{"as": "csv"}).text)) == 60_004


def test_she_reads_who_differs_and_downloads_everybody(
    link: RecruitmentLink, people: dict[str, Walker], manager: Client
) -> None:
    said = send(manager, link).text
    shown = re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td>', said)
    assert shown == [("P-2", "differing"), ("P-7", "not known here")]
    file = send(manager, link, **{"as": "csv"})
    assert "attachment" in file["Content-Disposition"]
    assert rows_of(file.text) == {
        "P-1": ("agree", "complete", "complete"),
        "P-2": ("differing", "withdrawn", "quota_full"),
        "P-3": ("agree", "unfinished", "unfinished"),
        "P-7": ("theirs only", "complete", ""),
    }


def test_a_space_beside_the_sign_means_nothing(
    link: RecruitmentLink, people: dict[str, Walker], manager: Client
) -> None:
    answer = send(manager, link, words="gone = withdrawn\n", **{"as": "csv"})
    assert answer.status_code == 200
    assert rows_of(answer.text)["P-2"][1] == "withdrawn"


def test_people_of_another_vendor_are_not_known(
    link: RecruitmentLink, study: Study, people: dict[str, Walker], manager: Client
) -> None:
    other = Vendor.objects.create(key="b", name="Vendor B")
    theirs = create_recruitment_link(study=study, vendor=other, phase=Phase.MAIN)
    Walker(theirs).join("P-7")
    assert rows_of(send(manager, link, **{"as": "csv"}).text)["P-7"][0] == "theirs only"
    own_page = reverse("vendor-compare", args=[link.vendor.key])
    file = SimpleUploadedFile("list.csv", LIST.encode())
    refused = manager.post(own_page, {"link": str(theirs.pk), "file": file})
    assert refused.status_code == 422 and "P-7" not in refused.text
    assert send(manager, theirs).status_code == 403


def test_a_withdrawal_that_is_not_told_yet_is_not_told_here(
    link: RecruitmentLink, people: dict[str, Walker], manager: Client
) -> None:
    before = send(manager, link, **{"as": "csv"}).text
    for walker in people.values():
        withdraw(participation=walker.participation)
    assert send(manager, link, **{"as": "csv"}).text == before


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("id,state\na,b\n", "", "columns id and status"),
        ("id,status\na,nobody knows\n", "", "say it as WORD=OUTCOME"),
        ("id,status\na,approved\na,returned\n", "", "two statuses"),
        (LIST, "gone", "has no = in it"),
        (LIST, "gone=away", "is no outcome"),
    ],
)
def test_a_list_that_is_not_understood_is_refused_in_one_sentence(
    link: RecruitmentLink, manager: Client, text: str, words: str, said: str
) -> None:
    answer = send(manager, link, text, words=words)
    assert answer.status_code == 422 and said in answer.text


def test_what_is_no_text_is_refused_and_so_is_nothing(
    link: RecruitmentLink, manager: Client
) -> None:
    address = reverse("vendor-compare", args=[link.vendor.key])
    for data, said in (
        ({"file": SimpleUploadedFile("list.xls", b"\xd0\xcf\x11\xe0\xff")}, "no text in UTF-8"),
        ({}, "Choose the file"),
    ):
        answer = manager.post(address, {"link": str(link.pk), **data})
        assert answer.status_code == 422 and said in answer.text

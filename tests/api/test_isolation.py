"""What is another vendor's looks exactly like nothing, at every address and for every method."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from drf_spectacular.generators import SchemaGenerator

from annotation.models import RecruitmentLink, Slot, Study
from exports.models import Access, Export, Invitation
from exports.vendors.people import Status
from tests.api.conftest import Program
from tests.api.files import ask, export_of, finish
from tests.walker import Walker

NOBODY = "x" * 16


def addresses() -> Iterator[tuple[str, str]]:
    """Every method and address of the description that names something."""
    described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for path, methods in described["paths"].items():
        for method in methods:
            if "{" in path:
                yield method, path


@pytest.fixture
def theirs(their_link: RecruitmentLink, settings: pytest_django.Settings, tmp_path: Path) -> Any:
    """Ids of another vendor, by the name of the part of an address that holds them."""
    settings.EXPORTS_DIR = tmp_path
    other = Study.objects.get(pk=their_link.study_id)
    other.pk, other.key = None, "their-study"
    other.save()
    Program(their_link, Access.PEOPLE).post("people/", {"ids": ["their-person"]})
    export = finish(export_of(ask(Program(their_link))), tmp_path)
    return {
        "study_key": "their-study",
        "export_id": export.public_id,
        "person_id": "their-person",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), sorted(addresses()))
@pytest.mark.parametrize("access", [Access.DATA, Access.PEOPLE])
def test_ids_of_another_vendor_are_as_good_as_none(
    link: RecruitmentLink, theirs: dict[str, str], method: str, path: str, access: Access
) -> None:
    program = Program(link, access)
    known, unknown = (
        getattr(program.client, method)(path.format(**ids), headers=program.headers)
        for ids in (theirs, dict.fromkeys(theirs, NOBODY))
    )
    wanted = {404} if access == opened_by(path) or path.endswith("/file/") else {403}
    assert {known.status_code, unknown.status_code} == wanted
    assert known.content == unknown.content
    differing = {"Date", "Content-Length"}
    assert {k: v for k, v in known.headers.items() if k not in differing} == {
        k: v for k, v in unknown.headers.items() if k not in differing
    }


def opened_by(path: str) -> Access:
    return Access.PEOPLE if "/people/" in path else Access.DATA


@pytest.mark.django_db
def test_lists_hold_nothing_of_another_vendor(
    link: RecruitmentLink, theirs: dict[str, str]
) -> None:
    data, people = Program(link), Program(link, Access.PEOPLE)
    assert data.get("exports/").json()["items"] == []
    assert people.get("people/").json()["items"] == []
    after = data.get(f"exports/?after={theirs['export_id']}")
    nobody = data.get(f"exports/?after={NOBODY}")
    assert after.status_code == nobody.status_code == 422
    assert after.content == nobody.content


@pytest.mark.django_db
def test_progress_counts_no_people_of_another_vendor(
    link: RecruitmentLink, their_link: RecruitmentLink
) -> None:
    mine, other = Walker(link), Walker(their_link)
    for walker in (mine, other):
        walker.enter()
    other.finish_conversation(other.open_kind("pool"))
    mine.open_kind("pool")
    [found] = [
        item
        for item in Program(link).get(f"studies/{link.study.key}/progress/").json()["locales"]
        if item["country"] == "FR"
    ]
    assert (found["people"]["in_progress"], found["people"]["complete"]) == (1, 0)
    assert found["grants"]["completed"] == 0
    assert found["grants"]["in_hand"] == 1
    assert found["takes_people"] is True


@pytest.mark.django_db
def test_what_another_vendors_people_do_changes_nothing_in_the_progress(
    link: RecruitmentLink, their_link: RecruitmentLink
) -> None:
    Walker(link).enter()
    address, mine = f"studies/{link.study.key}/progress/", Program(link)
    before = mine.get(address).json()
    other = Walker(their_link)
    other.enter()
    other.finish_conversation(other.open_kind("pool"))
    assert mine.get(address).json() == before


@pytest.mark.django_db
def test_a_locale_without_a_place_takes_nobody(link: RecruitmentLink) -> None:
    program = Program(link)
    locale = link.study.locales.get(country="FR")
    Slot.objects.filter(locale=locale).delete()
    for item in program.get(f"studies/{link.study.key}/progress/").json()["locales"]:
        assert item["takes_people"] is (item["country"] != "FR")


def strings(value: Any) -> Iterator[str]:
    """Every value of an answer, and every part of an address."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str) and len(value) > 3:
        yield value


@pytest.mark.django_db(transaction=True)
def test_no_value_of_people_is_a_value_of_data(link: RecruitmentLink) -> None:
    data, people = Program(link), Program(link, Access.PEOPLE)
    [invited] = people.post("people/", {"ids": ["person-0042"]}).json()["items"]
    walker = Walker(link)
    walker.join("person-0042")
    walker.post("country", {"country": "FR"})
    locale = link.study.locales.get(country="FR")
    walker.post("language", {"locale": locale.pk})
    walker.screen()
    walker.consent()
    walker.post("guidelines")
    if link.study.practice:
        walker.practise()
    walker.finish()
    of_people = [people.get("people/").json(), people.get("people/person-0042/").json(), invited]
    csv = b"".join(data.get("exports/community-alignment.csv").streaming_content).decode()
    of_data = [
        *(data.get(path).json() for path in ("studies/", "formats/", "exports/")),
        data.get(f"studies/{link.study.key}/progress/").json(),
        ask(data).json(),
    ]
    assert csv.count("\n") > 1
    everything = json.dumps(of_data) + csv
    person = walker.participation
    assert person.completion_code in json.dumps(of_people)
    days = (person.started_at, person.finished_at, Invitation.objects.get().invited_at)
    harmless = {*(f"{day:%Y-%m-%d}" for day in days), *Status}
    shared = {value for value in strings(of_people) if value in everything} - harmless
    assert shared == set()
    inner = [person.public_id, person.annotator.public_id, person.return_token]
    inner += list(person.conversations.values_list("public_id", flat=True))
    for value in inner:
        assert value not in everything and value not in json.dumps(of_people)
    assert Export.objects.count() == 1

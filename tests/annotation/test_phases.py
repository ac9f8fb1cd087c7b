"""Phases never mix: two people of two phases walk through one study, and every read tells them
apart."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from annotation.actions.cells import placed_people
from annotation.actions.link import create_recruitment_link
from annotation.actions.prompts import replace_prompt
from annotation.actions.study import open_study
from annotation.models import (
    Participation,
    Phase,
    Quota,
    RecruitmentLink,
    ScreeningCount,
    Slot,
    Study,
)
from annotation.pace import study_minutes
from annotation.review.queue import rates
from annotation.steps.room import has_room
from candidates.models import Prompt
from insights.fieldwork.checklist import make_checklist
from insights.fieldwork.dispositions import dispositions
from insights.fieldwork.fillings import cell_fillings, locale_fillings
from insights.fieldwork.pace import locale_paces, pays
from insights.overlap.table import overlap_table
from tests.annotation.test_pace import finished_person
from tests.exporting import exported_conversations
from tests.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def pilot(link: RecruitmentLink) -> RecruitmentLink:
    """A link into the pilot of the same study, which is open beside the main phase."""
    call_command("open_study", link.study.key, "--phase", "pilot", stdout=StringIO())
    return create_recruitment_link(study=link.study, vendor=link.vendor, phase=Phase.PILOT)


def through(link: RecruitmentLink) -> Walker:
    walker = Walker(link)
    walker.enter()
    walker.finish()
    return walker


def judged(study: Study, phase: str) -> int:
    table = overlap_table(study, phase)
    return sum(cell.done for _key, cells in table.rows for cell in cells if cell)


def test_slots_cells_overlap_exports_and_pace_are_each_phases_own(
    link: RecruitmentLink, pilot: RecruitmentLink
) -> None:
    study = link.study
    Quota.objects.create(study=study, key="all", conditions={"country": ["FR"]}, target=1)
    people = {"main": through(link).participation, "pilot": through(pilot).participation}
    assert Slot.objects.filter(phase="pilot").count() == Slot.objects.filter(phase="main").count()
    for phase, person in people.items():
        assert person.outcome == "complete"
        assert list(placed_people(study, phase)) == [person]
        done = Slot.objects.filter(status="done", phase=phase)
        assert set(done.values_list("holder", flat=True)) == {person.pk}
        assert judged(study, phase) == done.count() == 2
        assert dispositions(study, phase).total == 2
        assert [cell.filled for cell in cell_fillings(study, phase)] == [1]
        french = next(r for r in locale_fillings(study, phase) if r.people.name == "FR-fr")
        assert french.people.filled == 1
        assert french.judgements is not None
        assert french.judgements.filled == 2
        assert sum(pace.conversations for pace in locale_paces(study, phase)) == 3
        assert [row.people for row in pays(study, phase)] == [1]
        locale = study.locales.get(country="FR")
        assert make_checklist(locale, phase).figures["finished"] == 1
    exported = exported_conversations(study, link.vendor)
    assert {conversation.participation_id for conversation in exported} == {people["main"].pk}
    with translation.override("en"):
        assert [(rate.locale, rate.people) for rate in rates(study)] == [
            ("FR-fr, main", 1),
            ("FR-fr, pilot", 1),
        ]


def test_a_full_pilot_leaves_the_main_phase_its_room(
    link: RecruitmentLink, pilot: RecruitmentLink
) -> None:
    Slot.objects.filter(phase="pilot").update(status="void")
    locale = link.study.locales.get(country="FR")
    assert not has_room(locale=locale, phase="pilot")
    assert has_room(locale=locale, phase="main")
    walker = Walker(pilot)
    walker.choose()
    count = ScreeningCount.objects.get()
    assert (count.phase, count.outcome, count.people) == ("pilot", "quota_full", 1)


def test_a_pilots_minutes_stand_in_alone_until_the_main_phase_has_its_own(
    link: RecruitmentLink, pilot: RecruitmentLink
) -> None:
    for _person in range(5):
        finished_person(pilot, 40)
    for _person in range(4):
        finished_person(link, 10)
    assert study_minutes(link.study, phase="pilot", country="FR") == 40
    assert study_minutes(link.study, phase="main", country="FR") == 40
    assert study_minutes(link.study, phase="preview") == 25
    finished_person(link, 10)
    assert study_minutes(link.study, phase="main", country="FR") == 10
    assert study_minutes(link.study, phase="pilot", country="FR") == 40


def test_a_phase_that_is_not_open_lets_nobody_in(link: RecruitmentLink) -> None:
    early = create_recruitment_link(study=link.study, vendor=link.vendor, phase=Phase.PILOT)
    walker = Walker(early)
    page = walker.join()
    assert page.status_code == 409
    assert "This study is not open." in page.content.decode()
    assert not Participation.objects.exists()
    open_study(study=link.study, phase="pilot")
    walker.join()
    assert walker.participation.phase == "pilot"


def test_a_pilot_runs_before_the_main_phase_opens(link: RecruitmentLink) -> None:
    Slot.objects.all().delete()
    Study.objects.filter(pk=link.study_id).update(status="draft")
    said = StringIO()
    call_command("open_study", link.study.key, "--phase", "pilot", stdout=said)
    assert "open in the phase pilot: 36 slots" in said.getvalue()
    pilot = create_recruitment_link(study=link.study, vendor=link.vendor, phase=Phase.PILOT)
    assert Walker(pilot).join().status_code == 200
    assert Walker(link).join().status_code == 409
    call_command("open_study", link.study.key, stdout=said)
    assert Walker(link).join().status_code == 200
    call_command("open_study", link.study.key, stdout=said)
    assert "main: 0 slots" in said.getvalue()


def test_opening_by_command_says_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="There is no study"):
        call_command("open_study", "nothing")


def test_opening_by_command_refuses_an_unknown_phase(study: Study) -> None:
    with pytest.raises(CommandError, match="is no phase"):
        call_command("open_study", study.key, "--phase", "later")


def test_a_replacement_is_planned_in_the_phases_that_have_places(link: RecruitmentLink) -> None:
    Slot.objects.update(phase="pilot")
    old, new = Prompt.objects.filter(slot__isnull=False).distinct().order_by("pk")[:2]
    replace_prompt(prompt=old, replacement=new, why="unclear")
    assert not Slot.objects.filter(phase="main").exists()


def test_the_pages_show_one_phase_and_lead_to_the_others(
    link: RecruitmentLink, pilot: RecruitmentLink, client: Client
) -> None:
    through(pilot)
    client.force_login(User.objects.create_superuser("lead", password="a-long-password"))
    for name in ("study-overlap", "study-pace", "study-dispositions", "study-soft-launch"):
        address = reverse(name, args=[link.study.key])
        main = client.get(address).content.decode()
        assert 'href="?phase=pilot"' in main
        assert "<strong>main</strong>" in main
        assert "<strong>pilot</strong>" in client.get(address + "?phase=pilot").content.decode()

"""A vendor's manager sees the vendor's own people by the vendor's ids, and nothing else."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User, Vendor
from annotation.actions.link import create_recruitment_link
from annotation.actions.team import add_vendor_manager
from annotation.models import Flag, Phase, RecruitmentLink, Study
from candidates.models import Candidate
from exports.actions.inviting import invite_people
from tests.made_once import Once
from tests.walker import Walker, entered

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(vendor: Vendor) -> Client:
    user = User.objects.create_user("max")
    add_vendor_manager(vendor=vendor, user=user, by=None, why="their contact")
    client = Client()
    client.force_login(user)
    return client


def people(vendor: Vendor, query: str = "") -> str:
    return reverse("vendor-people", args=[vendor.key]) + query


def test_she_sees_ids_states_decisions_and_pay_of_her_own_people_alone(
    link: RecruitmentLink, vendor: Vendor, study: Study, manager: Client
) -> None:
    invite_people(study=study, vendor=vendor, external_ids=["P-1", "P-2"])
    walker = Walker(link)
    walker.join("P-3")
    other = Vendor.objects.create(key="b", name="Vendor B")
    foreign = Walker(create_recruitment_link(study=study, vendor=other, phase=Phase.MAIN))
    foreign.join("Q-9")
    Flag.objects.create(participation=walker.participation, kind="speed")
    said = manager.get(people(vendor)).text
    for words in ("P-1", "P-2", "P-3", "invited", "started", str(study.title)):
        assert words in said
    assert "Q-9" not in said
    assert manager.get(people(other)).status_code == 403


def test_the_page_holds_no_research(
    once: Once, link: RecruitmentLink, vendor: Vendor, manager: Client
) -> None:
    walker = once(entered, link)
    turn = walker.current_turn(walker.open_kind("pool"))
    walker.rank(turn)
    walker.explain(turn, text="Une raison bien à moi.")
    said = manager.get(people(vendor)).text
    person = walker.participation
    hidden = [person.public_id, person.annotator.public_id, turn.message, "Une raison bien à moi"]
    hidden += [row.text[:40] for row in Candidate.objects.filter(candidate_set=turn.candidate_set)]
    for words in hidden:
        assert words not in said


def test_she_lands_there_and_the_desk_stays_closed(vendor: Vendor, manager: Client) -> None:
    assert people(vendor) in manager.get(reverse("your-account")).text
    assert manager.get(reverse("admin:index"), follow=True).status_code == 403


def test_a_study_that_is_not_the_vendors_cannot_be_asked_for(
    link: RecruitmentLink, vendor: Vendor, study: Study, manager: Client
) -> None:
    assert "Nobody of yours" in manager.get(people(vendor, f"?study={study.key}")).text
    Walker(link).join("P-3")
    assert manager.get(people(vendor, "?study=nonsense&page=x")).status_code == 200

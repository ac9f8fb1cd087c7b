"""Roles are given and taken with a reason, which is kept; a study keeps a researcher."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User, Vendor
from annotation.actions.team import add_member, add_vendor_manager, remove_member
from annotation.models import Role, Study, TeamChange, TeamMember
from annotation.rights import ROLES, Right, holds, may, studies_for
from tests.team import member, signed_in

pytestmark = pytest.mark.django_db


def page(study: Study) -> str:
    return reverse("study-team", args=[study.key])


def test_a_role_gives_its_rights_in_its_study_alone(study: Study) -> None:
    rita = member(study, Role.REVIEWER)
    held = {right for right in Right if may(rita, right, study)}
    assert held == ROLES[Role.REVIEWER] == {Right.WATCH, Right.REVIEW, Right.HELP}
    assert list(studies_for(rita, Right.REVIEW)) == [study]
    assert not studies_for(rita, Right.AUTHOR).exists()
    assert holds(rita, Right.HELP) and not holds(rita, Right.RELEASE)


def test_roles_add_up_and_end_with_the_account(study: Study) -> None:
    rita = member(study, Role.REVIEWER)
    add_member(study=study, user=rita, role=Role.VIEWER, by=None, why="figures, too")
    assert may(rita, Right.OUTCOMES, study) and may(rita, Right.REVIEW, study)
    rita.is_staff = False
    assert not may(rita, Right.REVIEW, study)
    rita.is_staff, rita.is_active = True, False
    assert not may(rita, Right.REVIEW, study)
    assert not studies_for(rita, Right.REVIEW).exists()


def test_a_second_call_gives_nothing_and_writes_nothing(study: Study) -> None:
    ines = member(study, Role.RESEARCHER)
    add_member(study=study, user=ines, role=Role.RESEARCHER, by=None, why="again")
    assert TeamMember.objects.count() == TeamChange.objects.count() == 1


@pytest.mark.parametrize("why", ["", "   ", "x" * 501])
def test_without_a_reason_nothing_changes(study: Study, why: str) -> None:
    user = User.objects.create_user("ines", is_staff=True)
    with pytest.raises(ValidationError, match="Say why"):
        add_member(study=study, user=user, role=Role.VIEWER, by=None, why=why)
    assert not TeamMember.objects.exists() and not TeamChange.objects.exists()


def test_who_cannot_open_the_desk_is_given_no_role(study: Study) -> None:
    user = User.objects.create_user("vendors-person")
    with pytest.raises(ValidationError, match="cannot open the desk"):
        add_member(study=study, user=user, role=Role.VIEWER, by=None, why="new")
    with pytest.raises(ValidationError, match="belongs to a vendor"):
        add_member(study=study, user=user, role=Role.VENDOR_MANAGER, by=None, why="new")


def test_the_last_researcher_stays_unless_an_administrator_takes_her_away(study: Study) -> None:
    ines, jo = member(study, Role.RESEARCHER), member(study, Role.RESEARCHER, "jo")
    one, two = TeamMember.objects.order_by("pk")
    remove_member(member=one, by=jo, why="left")
    with pytest.raises(ValidationError, match="at least one researcher"):
        remove_member(member=two, by=jo, why="left")
    root = User.objects.create_superuser("root")
    remove_member(member=two, by=root, why="closed")
    remove_member(member=two, by=root, why="closed")  # nothing is left to take
    assert not TeamMember.objects.exists()
    assert [change.details["what"] for change in TeamChange.objects.order_by("pk")] == [
        *("given", "given", "taken", "taken"),
    ]
    assert not may(jo, Right.WATCH, study)
    assert TeamChange.objects.filter(by=jo).get().details["user"] == ines.username


def test_the_database_holds_managers_to_vendors_and_others_to_studies(
    study: Study, vendor: Vendor
) -> None:
    user = User.objects.create_user("ines")
    for wrong in (
        {"role": Role.VENDOR_MANAGER, "study": study},
        {"role": Role.VIEWER, "vendor": vendor},
        {"role": Role.VIEWER, "vendor": vendor, "study": study},
        {"role": Role.VIEWER},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            TeamMember.objects.create(user=user, **wrong)


def test_the_page_adds_and_removes_and_keeps_the_reasons(study: Study) -> None:
    client = signed_in(study, Role.RESEARCHER)
    User.objects.create_user("rita", is_staff=True)
    added = {
        "form": "add",
        "add-user_name": "rita",
        "add-role": "reviewer",
        "add-why": "reads notes",
    }
    said = client.post(page(study), added, follow=True).text
    assert "The team is changed." in said and "reads notes" in said
    rita = TeamMember.objects.get(user__username="rita")
    gone = {"form": "remove", "remove-member": str(rita.pk), "remove-why": "has left us"}
    said = client.post(page(study), gone, follow=True).text
    assert "has left us" in said
    assert not TeamMember.objects.filter(user__username="rita").exists()
    assert {change.by.get_username() for change in study.team_changes.all() if change.by} == {
        "ines"
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [("nobody", "Nobody has this user name"), ("plain", "cannot open the desk")],
)
def test_who_cannot_be_added_is_said(study: Study, name: str, words: str) -> None:
    client = signed_in(study, Role.RESEARCHER)
    User.objects.create_user("plain")
    data = {"form": "add", "add-user_name": name, "add-role": "viewer", "add-why": "x"}
    answer = client.post(page(study), data)
    assert answer.status_code == 422 and words in answer.text


def test_the_last_researcher_cannot_remove_herself_on_the_page(study: Study) -> None:
    client = signed_in(study, Role.RESEARCHER)
    row = TeamMember.objects.get()
    gone = {"form": "remove", "remove-member": str(row.pk), "remove-why": "goodbye"}
    answer = client.post(page(study), gone)
    assert answer.status_code == 422 and "at least one researcher" in answer.text
    assert TeamMember.objects.exists()


def test_a_member_of_another_study_cannot_be_taken_out_by_its_number(study: Study) -> None:
    client = signed_in(study, Role.RESEARCHER)
    vendor = Vendor.objects.create(key="v", name="V")
    other = add_vendor_manager(
        vendor=vendor, user=User.objects.create_user("m"), by=None, why="theirs"
    )
    gone = {"form": "remove", "remove-member": str(other.pk), "remove-why": "why not"}
    assert client.post(page(study), gone).status_code == 422
    assert TeamMember.objects.filter(pk=other.pk).exists()


def test_administrators_choose_who_manages_a_vendor(vendor: Vendor) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    User.objects.create_user("max")
    address = reverse("vendor-team", args=[vendor.key])
    data = {"form": "add", "add-user_name": "max", "add-why": "their contact"}
    assert "their contact" in client.post(address, data, follow=True).text
    row = TeamMember.objects.get()
    assert (row.role, row.vendor, row.study) == (Role.VENDOR_MANAGER, vendor, None)

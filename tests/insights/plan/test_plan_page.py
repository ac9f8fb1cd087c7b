"""The plan's page: what is wanted and how far it is, previews, changes, and who may."""

from fractions import Fraction
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.actions.soft_launch import sign_soft_launch
from annotation.models import Outcome, Phase, PlanChange, Role, ScreeningCount, Slot, Study
from insights.plan.cells import cell_fill, describe
from insights.plan.locales import locale_plans, screened_out
from tests.annotation.test_strata import celled_study, judge, let_in, person
from tests.team import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def celled(db: None) -> Study:
    return celled_study(target=5, cell_share=0.25)


def staff(client: Client, study: Study, role: Role) -> User:
    user = member(study, role)
    client.force_login(user)
    return user


def address(study: Study, query: str = "") -> str:
    return reverse("study-plan", args=[study.key]) + query


def send(client: Client, study: Study, form: str, how: str = "apply", **data: Any) -> Any:
    return client.post(address(study), {"form": form, how: "1", **data}, follow=True)


def test_the_reads_count_people_and_places_by_cell(celled: Study) -> None:
    women = [let_in(person(celled, "female")) for _n in range(3)]
    let_in(person(celled, "male"))
    let_in(person(celled, "male", phase=Phase.PILOT))
    for woman in women:
        assert judge(woman)
    women[0].finished_at, women[0].outcome = women[0].screened_at, Outcome.COMPLETE
    women[0].completion_code = "C1"
    women[0].save()
    locale = celled.locales.get()
    for outcome, cell, number in [("quota_full", "women", 4), ("screened_out", "", 2)]:
        ScreeningCount.objects.create(
            study=celled, locale=locale, outcome=outcome, cell=cell, people=number
        )
    men, ladies = cell_fill(celled, Phase.MAIN)
    assert (men.target, men.placed, men.missing, men.turned_away, men.least) == (8, 1, 7, 0, 4)
    assert (ladies.target, ladies.placed, ladies.finished, ladies.turned_away) == (12, 3, 1, 4)
    assert (ladies.missing, ladies.remaining, ladies.open_places) == (9, 18, 15)
    assert ladies.words == "FR · gender female"
    assert screened_out(celled, "main") == {locale.pk: 2}
    (plan,) = locale_plans(celled, Phase.MAIN)
    rows = {row.stratum: (row.people, row.free, row.held, row.done) for row in plan.strata}
    assert rows == {"men": (1, 12, 0, 0), "women": (3, 15, 0, 3)}
    assert [row.percent for row in plan.strata] == ["40.0", "60.0"]
    room = plan.room
    assert (room.places, room.done, room.open) == (30, 3, 27)
    assert room.per_person == 2
    assert room.needed_people == 15
    assert room.still_to_come == 16
    assert room.spare == 10


def test_nobody_is_reckoned_with_for_more_than_she_may_judge(client: Client) -> None:
    # 30 places, 18 women's and 12 men's; of them one person takes an eighth: 2 and 1.
    study = celled_study(target=5, prompts=6, pool_conversations=3, cell_share=0.125)
    let_in(person(study, "female"))
    men, women = cell_fill(study, Phase.MAIN)
    assert (men.each, men.remaining) == (1, 8)
    assert (women.each, women.remaining) == (2, 22)
    (plan,) = locale_plans(study, Phase.MAIN)
    room = plan.room
    assert room.per_person == Fraction(8, 5)  # 3 women of 5 judge two, 2 men of 5 one
    assert (room.needed_people, room.spare) == (19, 2)
    study.locales.update(planned_people=18)
    (plan,) = locale_plans(study, Phase.MAIN)
    assert (plan.room.spare, plan.room.lacking) == (-2, 2)
    staff(client, study, Role.VIEWER)
    page = client.get(address(study)).content.decode()
    assert "<td>1.6</td>" in page
    assert "would judge 2 sets too few" in page


def test_fewer_prompts_than_conversations_limit_what_a_cell_can_judge() -> None:
    study = celled_study(target=5, prompts=3)
    study.pool_conversations = 5
    assert [cell.each for cell in cell_fill(study, Phase.MAIN)] == [3, 3]
    assert [plan.room.per_person for plan in locale_plans(study, Phase.MAIN)] == [3]
    assert [cell.each for cell in cell_fill(study, Phase.PILOT)] == [0, 0]


def test_conditions_read_as_words() -> None:
    ways = [{"country": ["FR"], "age": {"from": 18, "to": 34}}, {"age": {"from": 55}}]
    assert describe(ways) == "FR · age 18–34 / age 55–"


def test_the_page_says_where_the_plan_cannot_fill(client: Client, celled: Study) -> None:
    staff(client, celled, Role.VIEWER)
    celled.locales.update(planned_people=10)
    page = client.get(address(celled)).content.decode()
    assert "cannot fill: the people planned would judge 10 sets too few" in page
    assert "Change a target" not in page
    assert client.get(address(celled, "?phase=nonsense")).status_code == 200


def test_a_preview_changes_nothing_and_a_change_is_logged(client: Client, celled: Study) -> None:
    user = staff(client, celled, Role.RESEARCHER)
    data: dict[str, Any] = {"locale": celled.locales.get().pk, "target": "7", "why": "more people"}
    page = send(client, celled, "target", how="preview", **data).content.decode()
    assert "12 places would be added." in page
    assert 'value="7"' in page
    assert Slot.objects.filter(locale__study=celled).count() == 30
    page = send(client, celled, "target", **data).content.decode()
    assert "The plan is changed: 12 places added, 0 taken away." in page
    assert PlanChange.objects.get().by == user
    assert "more people" in page
    page = send(client, celled, "target", **data).content.decode()
    assert "Nothing was changed." in page
    assert PlanChange.objects.count() == 1


def test_cells_are_merged_on_the_page(client: Client, celled: Study) -> None:
    staff(client, celled, Role.RESEARCHER)
    data: dict[str, Any] = {"keys": ["men"], "into": "women", "why": "no men come"}
    page = send(client, celled, "merge", how="preview", **data).content.decode()
    assert "12 places would be wanted of other people." in page
    send(client, celled, "merge", **data)
    assert celled.quotas.get().target == 20


def test_a_signed_soft_launch_stands_among_the_changes(client: Client, celled: Study) -> None:
    Study.objects.filter(pk=celled.pk).update(soft_launch=1)
    let_in(person(celled, "female"))
    lead = staff(client, celled, Role.VIEWER)
    locale = celled.locales.select_related("study").get()
    sign_soft_launch(locale=locale, phase="main", by=lead, figures={}, notes="All is well.")
    answer = client.get(address(celled))
    assert answer.status_code == 200
    assert f"<td>{locale} · main: 1</td>" in answer.content.decode()


@pytest.mark.parametrize(
    ("form", "data", "said"),
    [
        ("target", {"target": "0", "why": "x"}, "greater than or equal to 1"),
        ("target", {"target": "4", "why": ""}, "This field is required"),
        ("merge", {"keys": ["women"], "into": "women", "why": "x"}, "cannot join itself"),
        ("merge", {"keys": ["none"], "into": "women", "why": "x"}, "none is not one of the"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    client: Client, celled: Study, form: str, data: dict[str, Any], said: str
) -> None:
    staff(client, celled, Role.RESEARCHER)
    answer = send(client, celled, form, **{"locale": celled.locales.get().pk, **data})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not PlanChange.objects.exists()


def test_only_those_who_may_change_a_study_change_its_plan(client: Client, celled: Study) -> None:
    assert client.get(address(celled)).status_code == 302
    staff(client, celled, Role.VIEWER)
    data: dict[str, Any] = {"locale": celled.locales.get().pk, "target": "7", "why": "more people"}
    for how in ("preview", "apply"):
        assert send(client, celled, "target", how=how, **data).status_code == 403
    assert not PlanChange.objects.exists()

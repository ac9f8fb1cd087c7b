"""Cells: who fits, who comes too late, and that of two for one place exactly one gets it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.actions.cells import people_by_cell, placed_people, stamp_people
from annotation.actions.strata import stored_cells
from annotation.cells.quotas import REFUSED, Cell, Facts, Finding, Verdict, find_place, fits
from annotation.models import Participation, Quota, RecruitmentLink, ScreeningCount
from tests.faults.test_simultaneous import at_once
from tests.walker import Walker

YOUNG = {"country": ["FR"], "age": {"from": 18, "to": 34}}


@pytest.mark.parametrize(
    ("conditions", "facts", "fit"),
    [
        (YOUNG, {"country": "FR", "age": 18}, True),
        (YOUNG, {"country": "FR", "age": 34}, True),
        (YOUNG, {"country": "FR", "age": 35}, False),
        (YOUNG, {"country": "IT", "age": 20}, False),
        (YOUNG, {"country": "FR"}, False),
        (YOUNG, {"country": "FR", "age": "prefer_not_to_say"}, False),
        ({"age": {"from": 55}}, {"age": 90}, True),
        ({"age": {"to": 34}}, {"age": 35}, False),
        ({"gender": ["female", "prefer_not_to_say"]}, {"gender": "prefer_not_to_say"}, True),
        ({"gender": ["female"]}, {"gender": "prefer_not_to_say"}, False),
        ({"years": [1, 2]}, {"years": 2}, True),
    ],
)
def test_who_fits_a_cell(conditions: Any, facts: Any, fit: bool) -> None:
    assert fits(conditions, facts) is fit


def test_without_cells_everybody_has_a_place() -> None:
    assert find_place([], {"country": "FR"}, {}) == Finding(Verdict.PLACE)


def test_a_cell_takes_as_many_as_its_target() -> None:
    cell = Cell("young", YOUNG, 2)
    young: Facts = {"country": "FR", "age": 20}
    old: Facts = {"country": "FR", "age": 60}
    assert find_place([cell], young, {"young": 1}).verdict is Verdict.PLACE
    assert find_place([cell], young, {"young": 2}) == Finding(Verdict.FULL, ("young",))
    assert find_place([cell], old, {}) == Finding(Verdict.NO_CELL)


AGES_AND_GENDERS = [
    Cell("women", {"country": ["FR"], "gender": ["female"]}, 2),
    Cell("men", {"country": ["FR"], "gender": ["male"]}, 2),
    Cell("young", YOUNG, 2),
    Cell("old", {"country": ["FR"], "age": {"from": 35}}, 2),
    Cell("it", {"country": ["IT"], "age": {"from": 18}}, 2),
]


@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        ({"country": "FR", "gender": "female", "age": 20}, ("women", "young")),
        ({"country": "FR", "gender": REFUSED, "age": 20}, ()),
        ({"country": "FR", "gender": "male", "age": REFUSED}, ()),
        ({"country": "IT", "gender": REFUSED, "age": 20}, ("it",)),  # Italy asks for age alone
        ({"country": "US", "gender": "female", "age": 20}, ()),
    ],
)
def test_of_each_margin_of_her_country_a_person_needs_a_cell(
    facts: Facts, finding: tuple[str, ...]
) -> None:
    verdict = Verdict.PLACE if finding else Verdict.NO_CELL
    assert find_place(AGES_AND_GENDERS, facts, {}) == Finding(verdict, finding)


@pytest.mark.django_db
def test_who_refuses_what_a_margin_asks_takes_no_place_of_another(link: RecruitmentLink) -> None:
    study = link.study
    for cell in AGES_AND_GENDERS:
        Quota.objects.create(
            study=study, key=cell.key, conditions=cell.conditions, target=cell.target
        )
    silent, woman = Walker(link), Walker(link)
    for walker, gender in ((silent, REFUSED), (woman, "female")):
        walker.choose()
        walker.screen(gender=gender)
    assert silent.participation.outcome == "screened_out"
    assert silent.participation.screened_at is None
    assert woman.participation.stratum == "old+women"
    placed = people_by_cell(study, placed_people(study, "main"), stored_cells(study))
    assert placed == {"women": 1, "old": 1}


PEOPLE = st.fixed_dictionaries(
    {"gender": st.sampled_from(["female", "male", REFUSED]), "age": st.integers(18, 90)}
)
TARGETS = st.lists(st.integers(0, 5), min_size=4, max_size=4)


@given(TARGETS, st.lists(PEOPLE, max_size=40))
def test_whoever_comes_in_whatever_order_no_cell_overflows(
    targets: list[int], people: list[dict[str, str | int]]
) -> None:
    conditions = [{"gender": ["female"]}, {"gender": ["male", REFUSED]},
                  {"age": {"to": 40}}, {"age": {"from": 30}}]  # fmt: skip
    cells = [Cell(f"c{n}", conditions[n], target) for n, target in enumerate(targets)]
    placed: Counter[str] = Counter()
    for facts in people:
        found = find_place(cells, facts, placed)
        hers = {cell.key for cell in cells if fits(cell.conditions, facts)}
        full = {cell.key for cell in cells if placed[cell.key] >= cell.target}
        assert set(found.keys) == hers  # who fits a gender and an age, as everybody does here
        if found.verdict is Verdict.PLACE:
            placed.update(hers)
        else:
            assert found.verdict is Verdict.FULL
            assert hers & full
    assert all(placed[cell.key] <= cell.target for cell in cells)


@pytest.mark.django_db
def test_what_is_noted_on_people_counts_like_their_answers(link: RecruitmentLink) -> None:
    study = link.study
    known = {
        "all": {"country": ["FR"]},
        "women": {"gender": ["female"]},
        "men": {"gender": ["male"]},
    }
    for key, conditions in known.items():
        Quota.objects.create(study=study, key=key, conditions=conditions, target=9)
    for gender in ("female", "male", "female"):
        walker = Walker(link)
        walker.choose()
        walker.screen(gender=gender)
    cells = stored_cells(study)
    people = placed_people(study, "main")
    assert set(people.values_list("stratum", flat=True)) == {"all+men", "all+women"}
    noted = people_by_cell(study, people, cells)
    assert noted == {"all": 3, "women": 2, "men": 1}
    people.update(stratum="")  # as in a database from before strata were noted
    assert people_by_cell(study, people, cells) == noted
    assert stamp_people(study=study) == 3
    assert set(people.values_list("stratum", flat=True)) == {"all+men", "all+women"}
    assert stamp_people(study=study) == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_race_for_the_last_place_exactly_one_gets_it(link: RecruitmentLink) -> None:
    for key in ("women", "all"):
        conditions = {"gender": ["female"]} if key == "women" else {"country": ["FR"]}
        Quota.objects.create(study=link.study, key=key, conditions=conditions, target=3)
    walkers = [Walker(link) for _person in range(6)]
    for walker in walkers:
        walker.choose()
    at_once(lambda number: walkers[number].screen(), 6)
    assert Participation.objects.exclude(screened_at=None).count() == 3
    assert Participation.objects.filter(outcome="quota_full").count() == 3
    assert ScreeningCount.objects.get().people == 3

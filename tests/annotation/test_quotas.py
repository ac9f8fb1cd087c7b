"""Cells: who fits, who comes too late, and that of two for one place exactly one gets it."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.actions.cells import people_by_cell, placed_people, stamp_people
from annotation.actions.strata import stored_cells
from annotation.models import Participation, Quota, RecruitmentLink, ScreeningCount
from annotation.quotas import REFUSED, Cell, Facts, Finding, Verdict, find_place, fits
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


PEOPLE = st.fixed_dictionaries(
    {"gender": st.sampled_from(["female", "male", REFUSED]), "age": st.integers(18, 90)}
)
TARGETS = st.lists(st.integers(0, 5), min_size=4, max_size=4)


@given(TARGETS, st.lists(PEOPLE, max_size=40))
def test_whoever_comes_in_whatever_order_no_cell_overflows(
    targets: list[int], people: list[dict[str, str | int]]
) -> None:
    conditions = [{"gender": ["female"]}, {"gender": ["male", REFUSED]},
                  {"age": {"to": 40}}, {"gender": ["female"], "age": {"from": 30}}]  # fmt: skip
    cells = [Cell(f"c{n}", conditions[n], target) for n, target in enumerate(targets)]
    placed: Counter[str] = Counter()
    for facts in people:
        found = find_place(cells, facts, placed)
        hers = {cell.key for cell in cells if fits(cell.conditions, facts)}
        full = {cell.key for cell in cells if placed[cell.key] >= cell.target}
        assert set(found.keys) == hers
        if found.verdict is Verdict.PLACE:
            placed.update(hers)
        else:
            assert hers & full if hers else found.verdict is Verdict.NO_CELL
    assert all(placed[cell.key] <= cell.target for cell in cells)


@pytest.mark.django_db
def test_what_is_noted_on_people_counts_like_their_answers(link: RecruitmentLink) -> None:
    study = link.study
    for key, conditions in {"all": {"country": ["FR"]}, "women": {"gender": ["female"]}}.items():
        Quota.objects.create(study=study, key=key, conditions=conditions, target=9)
    for gender in ("female", "male", "female"):
        walker = Walker(link)
        walker.choose()
        walker.screen(gender=gender)
    cells = stored_cells(study)
    people = placed_people(study, "main")
    assert set(people.values_list("stratum", flat=True)) == {"all", "all+women"}
    noted = people_by_cell(study, people, cells)
    assert noted == {"all": 3, "women": 2}
    people.update(stratum="")  # as in a database from before strata were noted
    assert people_by_cell(study, people, cells) == noted
    assert stamp_people(study=study) == 3
    assert set(people.values_list("stratum", flat=True)) == {"all", "all+women"}
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

"""Cells: who fits, who comes too late, and that of two for one place exactly one gets it."""

from typing import Any

import pytest

from annotation.models import Participation, Quota, RecruitmentLink, ScreeningCount
from annotation.quotas import Cell, Facts, Finding, Verdict, find_place, fits
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

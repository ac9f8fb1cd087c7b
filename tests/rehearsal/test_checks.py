"""A right rehearsal passes for seeds 1 to 20, and each planted defect makes it fail.

500 people over six locales, 4 to 10 pool conversations each, dealt in memory.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rehearsal import checks, recovery
from rehearsal.draws import HONEST
from rehearsal.findings import Check, Detail
from rehearsal.imagined import Design, imagine
from rehearsal.table import Judgement, Table
from rehearsal.truth import Truth
from tests.rehearsal import defects

PEOPLE = 500


@cache
def played(seed: int) -> tuple[Truth, Table]:
    """A sound rehearsal. What is planted in one is planted in a copy."""
    truth = Truth.from_seed(seed)
    return truth, imagine(truth, Design(people=PEOPLE))


def careless(truth: Truth, people: int = PEOPLE) -> set[int]:
    return set(np.flatnonzero(truth.careless(people) != HONEST).tolist())


def run(truth: Truth, table: Table) -> list[Check]:
    turns = dict.fromkeys(range(PEOPLE), 12)
    return checks.run(truth, table, flagged=careless(truth), judged_turns=turns, people=PEOPLE)


def failed(found: list[Check]) -> list[str]:
    return [f"{check.name}: {check.words}" for check in found if not check.holds]


@pytest.fixture
def sound() -> tuple[Truth, Table]:
    return played(7)


@pytest.mark.parametrize("seed", range(1, 21))
def test_a_sound_rehearsal_passes(seed: int) -> None:
    found = run(*played(seed))
    assert len(found) == 14
    assert failed(found) == []
    assert sum(len(check.details) for check in found) > 80


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("defect", "noticed"),
    [
        (
            defects.order_follows_source,
            {"order balance by candidate", "order balance by pole"},
        ),
        (
            defects.poles_of_one_country_are_shuffled,
            {"mean rank by country", "planted effects"},
        ),
        (
            defects.groups_of_one_country_are_shuffled,
            {"labels as people gave them", "planted effects"},
        ),
        (defects.people_of_one_country_are_anywhere, {"labels as people gave them"}),
        # Two that break the model itself.
        (defects.who_likes_the_default_leaves, {"mean rank by country", "mean rank by gender"}),
        (defects.alike_candidates_take_from_each_other, {"mean rank by gender"}),
    ],
)
def test_a_planted_defect_is_noticed(defect: defects.Defect, noticed: set[str], seed: int) -> None:
    truth, table = played(seed)
    table = defect(truth, table, np.random.default_rng(seed))
    found = run(truth, table)
    assert noticed <= {check.name for check in found if not check.holds}


def test_a_rehearsal_of_too_few_people_says_so_and_does_not_hold() -> None:
    truth = Truth.from_seed(1)
    table = imagine(truth, Design(people=12))
    (found,) = recovery.check_recovery(truth, table)
    assert not found.holds
    assert "nothing can be said" in found.words
    empty = checks.run(truth, table.where(np.zeros(len(table), dtype=bool)), flagged=[],
                       judged_turns={}, people=12)  # fmt: skip
    assert not any(check.holds for check in empty)


@pytest.mark.parametrize("each", [2, 6])
def test_sixty_people_are_enough_for_what_all_of_them_share(each: int) -> None:
    truth = Truth.from_seed(1)
    table = imagine(truth, Design(people=60, least=each, most=each))
    by_name = {check.name: check for check in recovery.check_recovery(truth, table)}
    assert failed(list(by_name.values())) == []
    for name in ("mean rank of everybody", "choices by place", "position coefficients"):
        assert by_name[name].details
    # Ten people a locale: only what all locales share, and the words say what was not judged.
    assert [one.name for one in by_name["agreement on choices"].details] == ["everybody"]
    few = imagine(truth, Design(people=25, least=each, most=each))
    by_name = {check.name: check for check in recovery.check_recovery(truth, few)}
    assert "Not judged" in by_name["mean rank by country"].words


def test_one_judgement_gone_leaves_the_order_balanced_and_one_moved_does_not(
    sound: tuple[Truth, Table],
) -> None:
    _truth, table = sound
    kept = np.ones(len(table), dtype=bool)
    kept[17] = False
    assert checks.check_balance(table.where(kept)).holds
    order = table.order.copy()
    order[table.judged_set == table.judged_set[17]] = order[17]
    found = checks.check_balance(replace(table, order=order))
    assert not found.holds
    assert found.figure == 1


def test_a_row_of_the_square_too_many_shows_unless_one_is_missing() -> None:
    square = [[0, 1, 2, 3], [1, 3, 0, 2], [3, 2, 1, 0], [2, 0, 3, 1]]
    row = Judgement(0, 0, 0, "FR-fr", "FR", "", "", [""] * 4, [], [1, 2, 3, 4], 0, 0)

    def holds(*judged: tuple[int, int]) -> bool:
        rows = [row._replace(ordinal=ordinal, order=square[which]) for ordinal, which in judged]
        return checks.check_balance(Table.of(rows)).holds

    assert holds((0, 0), (1, 1), (2, 2), (3, 3))
    assert holds((0, 0), (1, 1), (2, 2), (3, 3), (4, 0), (5, 1))
    assert not holds((0, 0), (1, 1), (2, 2), (3, 0))
    assert holds((0, 0), (1, 1), (4, 0))
    assert not holds((0, 0), (1, 0), (2, 0), (4, 0))


def test_surplus_is_left_out_of_every_figure(sound: tuple[Truth, Table]) -> None:
    truth, table = sound
    counted = table.counted.copy()
    counted[::3] = False
    ranks = np.where(counted[:, None], table.rank, 5 - table.rank)
    spoilt = replace(table, counted=counted, rank=ranks)
    by_name = {check.name: check for check in run(truth, spoilt)}
    assert by_name["mean rank by country"].holds
    assert by_name["planted effects"].holds
    spoilt = replace(spoilt, counted=np.ones(len(table), dtype=bool))
    assert not recovery.check_recovery(truth, spoilt)[0].holds


def test_the_shares_of_flagged_people() -> None:
    truth = Truth.from_seed(3)
    all_of_them = careless(truth)
    turns = dict.fromkeys(range(PEOPLE), 12)

    def holds(flagged: set[int], turns: dict[int, int]) -> list[bool]:
        found = checks.check_careless(truth, flagged=flagged, judged_turns=turns, people=PEOPLE)
        return [check.holds for check in found]

    assert holds(all_of_them, turns) == [True, True]
    assert holds(set(sorted(all_of_them)[:27]), turns) == [False, True]  # 27 of 31 is 87 %
    assert holds(set(sorted(all_of_them)[:28]), turns) == [True, True]  # and 28 is 90.3 %
    others = [index for index in range(PEOPLE) if index not in all_of_them]
    assert holds(all_of_them | set(others[:23]), turns) == [True, True]
    assert holds(all_of_them | set(others[:24]), turns) == [True, False]
    # Whoever ranked three turns cannot have a flag for speed, and counts for nothing.
    hidden = min(all_of_them)
    assert holds(all_of_them - {hidden}, turns | {hidden: 3}) == [True, True]
    assert holds(all_of_them, dict.fromkeys(all_of_them, 3)) == [False, False]


def test_rows_become_arrays_of_any_width() -> None:
    row = Judgement(
        person=3, prompt=1, judged_set=8, locale="FR-fr", country="FR", gender="female",
        age_band="18-34", poles=["", "survival"], order=[1, 0], ranks=[2, 1], chosen=1, ordinal=0,
    )  # fmt: skip
    wide = row._replace(
        poles=["", "survival", "traditional"], order=[2, 0, 1], ranks=[1, None, None], counted=False
    )
    table = Table.of([row, wide])
    assert table.pole.tolist() == [[4, 2, -1], [4, 2, 0]]
    assert table.order.tolist() == [[1, 0, -1], [2, 0, 1]]
    assert table.rank.tolist() == [[2, 1, 0], [1, 0, 0]]
    assert len(table.where(table.counted)) == 1
    assert len(Table.of([])) == 0


def test_the_distance_is_in_units_of_what_is_allowed() -> None:
    assert Detail("a", 2.5, 2.0, 0.25).distance == pytest.approx(2.0)

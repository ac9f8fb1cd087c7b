"""k, l and t on tables worked by hand and on the examples of the papers that define them."""

from collections.abc import Sequence

import numpy as np
import pytest

from exports.privacy import risk

# Sweeney (2002), figure 2: race, birth, gender, ZIP; k = 2.
SWEENEY = [
    *[("black", "1965", "m", "0214*")] * 2,
    *[("black", "1965", "f", "0213*")] * 2,
    *[("black", "1964", "f", "0213*")] * 2,
    *[("white", "1964", "m", "0213*")] * 3,
    *[("white", "1967", "m", "0213*")] * 2,
]
# Machanavajjhala et al. (2007), figures 1 to 3: ZIP, age, condition of twelve inpatients.
INPATIENTS = [
    ("13053", 28, "heart"), ("13068", 29, "heart"), ("13068", 21, "viral"), ("13053", 23, "viral"),
    ("14853", 50, "cancer"), ("14853", 55, "heart"), ("14850", 47, "viral"), ("14850", 49, "viral"),
    ("13053", 31, "cancer"), ("13053", 37, "cancer"), ("13068", 36, "cancer"),
    ("13068", 35, "cancer"),
]  # fmt: skip
# Li et al. (2007), table 4: salaries of three groups of three.
SALARIES = [(0, 3), (0, 4), (0, 5), (1, 6), (1, 11), (1, 8), (2, 7), (2, 9), (2, 10)]


def columns(rows: Sequence[tuple[str, ...]]) -> list[np.ndarray]:
    return [np.array(column) for column in zip(*rows, strict=True)]


def inpatients(zip_digits: int, ages: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The groups that a published generalisation makes, and the conditions."""
    rows = [(code[:zip_digits], str(np.searchsorted(ages, age, side="right")), what)
            for code, age, what in INPATIENTS]  # fmt: skip
    code, age, what = columns(rows)
    return risk.group([code, age], len(rows)), what


def test_sweeneys_table_is_2_anonymous() -> None:
    groups = risk.group(columns(SWEENEY), len(SWEENEY))
    assert risk.smallest(groups) == 2
    assert sorted(np.bincount(groups)) == [2, 2, 2, 2, 3]
    assert risk.share_unique(groups) == 0
    assert sorted(risk.sizes(groups)) == [2] * 8 + [3] * 3


def test_the_inpatients_as_they_are_have_people_who_are_alone() -> None:
    groups = risk.group(
        [np.array([row[0] for row in INPATIENTS]), np.array([row[1] for row in INPATIENTS])], 12
    )
    assert risk.smallest(groups) == 1
    assert risk.share_unique(groups) == 1


def test_the_4_anonymous_inpatients_have_a_group_of_cancer_alone() -> None:
    groups, condition = inpatients(3, [30, 40])
    assert risk.smallest(groups) == 4
    table = risk.counts(groups, condition)
    assert risk.diversity(table) == 1
    assert risk.entropy_diversity(table) == pytest.approx(1)


def test_the_other_published_table_is_4_anonymous_and_3_diverse() -> None:
    groups, condition = inpatients(4, [41])
    table = risk.counts(groups, condition)
    assert (risk.smallest(groups), risk.diversity(table)) == (4, 3)
    # Each group has 2, 1 and 1: an entropy of 1.5 bits, 2 ** 1.5.
    assert risk.entropy_diversity(table) == pytest.approx(2**1.5)


def test_the_salaries_are_as_far_from_everybodys_as_published() -> None:
    groups = np.array([which for which, _salary in SALARIES])
    salary = np.array([f"{salary:02}" for _which, salary in SALARIES])
    apart = risk.distances(risk.counts(groups, salary), ordered=True)
    assert apart[0] == pytest.approx(0.375)  # 3, 4 and 5 thousand
    assert apart[1] == pytest.approx(0.167, abs=0.001)  # 6, 8 and 11 thousand
    assert risk.closeness(risk.counts(groups, salary), ordered=True) == pytest.approx(0.375)


def test_the_equal_distance_is_half_the_sum_of_differences() -> None:
    groups = np.array([0, 0, 1, 1])
    table = risk.counts(groups, np.array(["a", "a", "a", "b"]))
    # 1, 0 and 0.5, 0.5 against 0.75, 0.25
    assert list(risk.distances(table, ordered=False)) == [0.25, 0.25]


def test_a_missing_answer_is_a_value_of_its_own_and_hides_nobody() -> None:
    groups = risk.group([np.array(["f", "f", "m", ""])], 4)
    assert risk.smallest(groups) == 1
    assert risk.share_unique(groups) == 0.5


def test_what_nobody_says_discloses_nothing_and_counts_for_nothing() -> None:
    groups = np.array([0, 0, 1, 1])
    table = risk.counts(groups, np.array(["", "no", "a", "b"]), unsaid=("", "no"))
    assert list(risk.distinct(table)) == [0, 2]
    assert risk.diversity(table) == 2
    assert list(risk.distances(table, ordered=False)) == [0, 0]


def test_many_columns_make_no_false_groups() -> None:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 3, size=(500, 6)).astype(str)
    groups = risk.group(list(rows.T), 500)
    alike = {tuple(row): number for row, number in zip(rows, groups, strict=True)}
    assert len(alike) == len(set(groups)) == groups.max() + 1
    assert all(alike[tuple(row)] == number for row, number in zip(rows, groups, strict=True))


def test_without_people_nothing_is_divided_by_nothing() -> None:
    nobody = risk.group([np.array([], dtype=str)], 0)
    table = risk.counts(nobody, np.array([], dtype=str))
    assert (risk.smallest(nobody), risk.share_unique(nobody), risk.sizes(nobody).size) == (0, 0, 0)
    assert (risk.diversity(table), risk.entropy_diversity(table), risk.closeness(table)) == (
        0,
        0,
        0,
    )

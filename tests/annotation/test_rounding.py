"""Shares become whole numbers: every total kept, nothing favoured, the same for a seed."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.cells.rounding import largest_remainder, lean, round_rows

weights = st.lists(st.integers(0, 30), min_size=1, max_size=7).filter(any)
targets = st.lists(st.integers(0, 25), min_size=1, max_size=40)
seeds = st.integers(0, 2**48)


def shares_of(parts: list[int]) -> list[Fraction]:
    return [Fraction(part, sum(parts)) for part in parts]


def is_around(count: int, exact: Fraction) -> bool:
    return math.floor(exact) <= count <= math.ceil(exact)


@given(weights, targets, seeds)
def test_rows_and_columns_of_the_rounded_table_add_up(
    parts: list[int], places: list[int], seed: int
) -> None:
    shares = shares_of(parts)
    table = round_rows([[share * place for share in shares] for place in places], seed)
    for row, place in zip(table, places, strict=True):
        assert sum(row) == place
        assert all(is_around(n, share * place) for n, share in zip(row, shares, strict=True))
    for column, share in enumerate(shares):
        assert is_around(sum(row[column] for row in table), share * sum(places))


@given(weights, targets, seeds)
def test_a_seed_rounds_the_same_way_again(parts: list[int], places: list[int], seed: int) -> None:
    rows = [[share * place for share in shares_of(parts)] for place in places]
    assert round_rows(rows, seed) == round_rows(rows, seed)


def test_no_entry_is_favoured_over_seeds() -> None:
    """Four standard errors over 4000 seeds; the seeds are fixed, so this cannot flicker."""
    shares, places = shares_of([5, 3, 2, 1]), [3, 2, 5, 1]
    exact = [[share * place for share in shares] for place in places]
    sums = [[0] * 4 for _row in exact]
    for seed in range(4000):
        for row, counts in enumerate(round_rows(exact, seed)):
            for column, count in enumerate(counts):
                sums[row][column] += count
    for row, entries in enumerate(exact):
        for column, entry in enumerate(entries):
            part = float(entry % 1)
            error = math.sqrt(part * (1 - part) / 4000)
            assert abs(sums[row][column] / 4000 - entry) <= 4 * error + 1e-9


@given(weights, targets, targets, seeds)
def test_a_second_planning_makes_up_for_the_first_where_it_can(
    parts: list[int], first: list[int], second: list[int], seed: int
) -> None:
    shares = shares_of(parts)
    had = round_rows([[share * place for share in shares] for place in first], seed)
    ahead = [sum(row[k] for row in had) - share * sum(first) for k, share in enumerate(shares)]
    more = [[share * place for share in shares] for place in second]
    leant = lean(more, ahead)
    table = round_rows(leant, seed + 1)
    for row, place in zip(table, second, strict=True):
        assert sum(row) == place
        assert all(is_around(n, share * place) for n, share in zip(row, shares, strict=True))
    # Where the rows could carry all of it, both plannings together are as one.
    if all(
        sum(row[k] for row in leant) == sum(row[k] for row in more) - ahead[k]
        for k in range(len(shares))
    ):
        for k, share in enumerate(shares):
            both = sum(row[k] for row in had) + sum(row[k] for row in table)
            assert is_around(both, share * (sum(first) + sum(second)))


def test_two_plannings_of_halves_are_even() -> None:
    half = [Fraction(1, 2), Fraction(1, 2)]
    for seed in range(20):
        had = round_rows([half], seed)[0]
        more = round_rows(lean([half], [n - Fraction(1, 2) for n in had]), seed)[0]
        assert [a + b for a, b in zip(had, more, strict=True)] == [1, 1]


def test_a_row_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(ValueError, match="Row 0 does not sum"):
        round_rows([[Fraction(1, 2)]], 1)


@given(weights, st.integers(0, 5000))
def test_targets_by_largest_remainder_sum_exactly(parts: list[int], people: int) -> None:
    counts = largest_remainder(shares_of(parts), people)
    assert sum(counts) == people
    assert all(
        is_around(n, share * people) for n, share in zip(counts, shares_of(parts), strict=True)
    )


def test_three_hundred_sets_of_twelve_strata_are_rounded() -> None:
    shares = shares_of(list(range(1, 13)))
    table = round_rows([[share * 10 for share in shares]] * 300, 7)
    assert all(sum(row) == 10 for row in table)
    assert all(
        is_around(sum(row[k] for row in table), share * 3000) for k, share in enumerate(shares)
    )

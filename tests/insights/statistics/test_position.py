"""Choice shares by place and order balance, worked by hand."""

import numpy as np
import pytest

from insights.statistics import position


def test_a_place_counts_only_where_something_stood() -> None:
    shown = np.array([[True, True, True], [True, True, False], [True, True, True]])
    found = position.choice_shares(np.array([0, 0, 2]), shown, np.array([0, 1, 1]))
    assert found.value == pytest.approx([2 / 3, 0, 1 / 2])
    assert found.people.tolist() == [2, 2, 2]


def test_displays_are_counted_by_set_candidate_and_place() -> None:
    order = np.array([[0, 1], [1, 0], [0, 1], [0, -1]])
    counts = position.display_counts(order, np.array([0, 0, 0, 1]))
    assert counts[0].tolist() == [[2, 1], [1, 2]]
    assert counts[1].tolist() == [[1, 0], [0, 0]]


def test_a_class_always_first_stands_out_and_a_balanced_one_does_not() -> None:
    square = np.array([[0, 1, 2, 3], [1, 2, 3, 0], [2, 3, 0, 1], [3, 0, 1, 2]])
    order = np.tile(square, (10, 1))
    assert position.display_excess(order, order).max() == 0.0
    first = np.tile(np.arange(4), (40, 1))
    # 40 in place 1 where 10 are expected, standard deviation sqrt(40 * 1/4 * 3/4).
    assert position.display_excess(first, first)[0, 0] == pytest.approx(30 / np.sqrt(7.5))
    assert position.display_excess(first, first)[0, 1] == pytest.approx(-10 / np.sqrt(7.5))

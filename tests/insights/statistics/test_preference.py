"""Midranks, mean ranks and slopes, worked by hand."""

import numpy as np
import pytest
from scipy import stats

from insights.statistics import preference

NAN = np.nan


def all_shown(ranks: list[list[int]]) -> np.ndarray:
    return np.ones((len(ranks), len(ranks[0])), dtype=bool)


def test_ties_share_the_mean_of_their_places() -> None:
    ranks = [[1, 2, 2, 4], [1, 1, 1, 1], [4, 1, 3, 2]]
    found = preference.midranks(np.array(ranks), all_shown(ranks))
    assert found.tolist() == [[1, 2.5, 2.5, 4], [2.5] * 4, [4, 1, 3, 2]]
    for row, places in zip(ranks, found, strict=True):
        assert places.tolist() == stats.rankdata(row).tolist()


def test_what_was_left_unranked_stands_tied_behind_the_rest() -> None:
    ranks = np.array([[1, 0, 0, 2], [0, 0, 1, 0]])
    shown = np.array([[True] * 4, [True, False, True, True]])
    found = preference.midranks(ranks, shown)
    assert found[0].tolist() == [1, 3.5, 3.5, 2]
    assert found[1, [0, 2, 3]].tolist() == [2.5, 1, 2.5]
    assert np.isnan(found[1, 1])


def test_mean_ranks_by_group_with_errors_over_people() -> None:
    places = np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    classes = np.array([[0, 1], [0, 1], [0, 1], [1, 0], [0, 1]])
    groups, people = np.array([0, 0, 0, 1, -1]), np.array([0, 0, 1, 2, 3])
    found = preference.mean_ranks(places, classes, groups, people, class_count=3)
    assert found.value[:, :2].tolist() == [[pytest.approx(4 / 3), pytest.approx(5 / 3)], [1, 2]]
    assert np.isnan(found.value[:, 2]).all()
    assert found.people.tolist() == [[2, 2, 0], [1, 1, 0]]
    # Without person 0 the mean is 2, without person 1 it is 1: error sqrt(1/2 * 1/2).
    assert found.error[0, 0] == pytest.approx(0.5)
    assert np.isnan(found.error[1, 0])


def test_a_slope_is_the_places_gained_per_unit() -> None:
    places = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [1.5, 1.5, NAN]])
    covariate = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [0.5, 0.0, -0.5], [1.0, 1.0, NAN]])
    groups, people = np.array([0, 0, 1, 1]), np.arange(4)
    found = preference.slopes(places, covariate, groups, people)
    # Group 0: (2 + 4) / (2 + 8); group 1: -1 / 0.5.
    assert found.value == pytest.approx([0.6, -2.0])
    assert found.people.tolist() == [2, 1]

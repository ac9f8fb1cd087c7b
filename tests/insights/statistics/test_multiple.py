"""Levels and p-values for several figures at once, against worked values."""

import numpy as np
import pytest

from insights.statistics.multiple import bonferroni_level, holm, sidak_level


def test_levels_for_ten_figures() -> None:
    assert sidak_level(10, 0.99) ** 10 == pytest.approx(0.99)
    assert bonferroni_level(10, 0.99) == pytest.approx(0.999)
    assert sidak_level(10, 0.99) < bonferroni_level(10, 0.99)
    assert bonferroni_level(1) == sidak_level(1) == 0.99


def test_holm_worked_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1: 0.04, 0.06, 0.06, 0.06 without falling.
    found = holm(np.array([0.03, 0.01, 0.04, np.nan, 0.02]))
    assert found[[1, 4, 0, 2]] == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert np.isnan(found[3])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    assert holm(np.array([])).size == 0


def test_independent_figures_all_hold_as_often_as_promised() -> None:
    """Twenty at 95 % each hold together 36 % of the time; at the family's level 99 %."""
    p_values = np.random.default_rng(1).random((4000, 20))
    assert (p_values > 0.05).all(axis=1).mean() == pytest.approx(0.36, abs=0.03)
    assert (p_values > 1 - sidak_level(20)).all(axis=1).mean() == pytest.approx(0.99, abs=0.006)
    rejected = [(holm(row) <= 0.01).any() for row in p_values[:1000]]
    assert np.mean(rejected) < 0.025

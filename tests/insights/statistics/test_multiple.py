"""Levels for several figures at once, against a worked value and drawn samples."""

import numpy as np
import pytest

from insights.statistics.multiple import bonferroni_level


def test_levels_for_ten_figures() -> None:
    assert bonferroni_level(10, 0.99) == pytest.approx(0.999)
    assert bonferroni_level(1) == 0.99


def test_independent_figures_all_hold_as_often_as_promised() -> None:
    """Twenty at 95 % each hold together 36 % of the time; at the family's level 99 %."""
    p_values = np.random.default_rng(1).random((4000, 20))
    assert (p_values > 0.05).all(axis=1).mean() == pytest.approx(0.36, abs=0.03)
    level = bonferroni_level(20)
    assert (p_values > 1 - level).all(axis=1).mean() == pytest.approx(0.99, abs=0.006)

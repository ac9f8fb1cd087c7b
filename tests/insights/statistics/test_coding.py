"""Two coders: kappa and alpha by hand, and shares with intervals that hold."""

import numpy as np
import pytest

from insights.statistics.coding import agreed


def marks(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    """Both, first alone, second alone, neither."""
    one = np.repeat([True, True, False, False], counts)[:, None]
    other = np.repeat([True, False, True, False], counts)[:, None]
    return one, other


def test_kappa_is_what_is_worked_by_hand() -> None:
    """Of 50 texts both say the same of 35; at random 25 would be alike: (0.7 - 0.5) / 0.5."""
    one, other = marks(20, 5, 10, 15)
    found = agreed(one, other, np.arange(50))
    assert found.kappa.value == pytest.approx([0.4])
    assert found.share.value == pytest.approx([27.5 / 50])


def test_alpha_is_that_of_krippendorffs_own_example() -> None:
    """Krippendorff (2011), binary data, two observers: 0.095."""
    one = np.array([0, 1, 0, 0, 0, 0, 0, 0, 1, 0], dtype=bool)[:, None]
    other = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0], dtype=bool)[:, None]
    assert float(agreed(one, other, np.arange(10)).alpha.value) == pytest.approx(0.095, abs=5e-4)


def test_coders_who_always_agree_have_1_and_a_theme_nobody_saw_has_no_kappa() -> None:
    one = np.array([[True, False], [False, False], [True, False]])
    found = agreed(one, one, np.arange(3))
    assert found.kappa.value[0] == pytest.approx(1)
    assert np.isnan(found.kappa.value[1])
    assert float(found.alpha.value) == pytest.approx(1)


def test_intervals_hold_although_people_repeat_their_themes() -> None:
    rng = np.random.default_rng(17)
    inside: dict[str, list[bool]] = {"kappa": [], "share": []}
    # Theme of a text: a person's own propensity; each coder errs in one of eight texts.
    far = rng.beta(2, 3, size=400_000)
    share = far.mean() * 0.875 + (1 - far.mean()) * 0.125
    same = 0.875**2 + 0.125**2
    kappa = (same - share**2 - (1 - share) ** 2) / (1 - share**2 - (1 - share) ** 2)
    for _replication in range(300):
        people = np.repeat(np.arange(60), 4)
        has = rng.random(240) < rng.beta(2, 3, size=60)[people]
        one, other = ((has ^ (rng.random(240) < 0.125))[:, None] for _coder in range(2))
        found = agreed(one, other, people)
        for name, truth in (("kappa", kappa), ("share", share)):
            low, high = getattr(found, name).bounds()
            inside[name].append(low[0] <= truth <= high[0])
    assert 0.91 < np.mean(inside["kappa"]) < 0.985
    assert 0.91 < np.mean(inside["share"]) < 0.985

"""The exploded logit: likelihoods by hand, strengths recovered, and what it refuses."""

import numpy as np
import pytest
from scipy import optimize

from insights.statistics import choice_model
from tests.insights.statistics.panels import draw_panel


def one_item(items: np.ndarray, count: int) -> np.ndarray:
    return np.asarray(np.eye(count)[items][:, :, 1:])


def test_the_likelihood_of_one_ranking_is_a_product_of_choices() -> None:
    ranks = np.array([[1, 2, 3]])
    strengths = np.log(np.array([1.0, 2.0, 3.0]))
    utility = strengths[None, :]
    logs = choice_model._stages(ranks, np.ones((1, 3), dtype=bool), utility)[1]
    assert np.exp(logs) == pytest.approx(1 / 6 * 2 / 5)


def test_what_is_left_unranked_was_there_to_be_chosen() -> None:
    utility = np.log(np.array([[1.0, 2.0, 3.0]]))
    shown = np.ones((1, 3), dtype=bool)
    logs = choice_model._stages(np.array([[1, 0, 0]]), shown, utility)[1]
    assert np.exp(logs) == pytest.approx(1 / 6)
    hidden = np.array([[True, True, False]])
    logs = choice_model._stages(np.array([[1, 0, 0]]), hidden, utility)[1]
    assert np.exp(logs) == pytest.approx(1 / 3)


def test_tied_ones_weigh_what_is_left_of_them_on_average() -> None:
    # Items of weight 1 and 2 tied before 3: 1/6 * 2/(6 - 3/2), and the last one for sure.
    utility = np.log(np.array([[1.0, 2.0, 3.0]]))
    logs = choice_model._stages(np.array([[1, 1, 3]]), np.ones((1, 3), dtype=bool), utility)[1]
    assert np.exp(logs) == pytest.approx(1 / 6 * 2 / 4.5)


def test_newton_finds_what_a_general_optimiser_finds() -> None:
    rng = np.random.default_rng(1)
    panel = draw_panel(rng, np.array([0.5, 0.0, -0.5]), people=30, each=5, prompts=5)
    ranks = panel.ranks.copy()
    ranks[:40][ranks[:40] == 2] = 1
    ranks[40:80][ranks[40:80] == 3] = 0
    x = one_item(panel.items, 3)
    fit = choice_model.fit(ranks, panel.shown, x, panel.people)

    def loss(at: np.ndarray) -> float:
        return -choice_model._stages(ranks, panel.shown, x @ at)[1]

    other = optimize.minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-8})
    assert fit.coefficients == pytest.approx(other.x, abs=1e-4)
    assert fit.log_likelihood == pytest.approx(-other.fun)
    again = choice_model.fit(ranks, panel.shown, x, panel.people, start=fit.coefficients)
    assert again.coefficients == pytest.approx(fit.coefficients)


def test_strengths_by_group_come_back() -> None:
    rng = np.random.default_rng(2)
    truth = [np.array([0.0, 1.0, -0.5, 0.3]), np.array([0.0, -0.8, 0.2, 0.0])]
    panels = [draw_panel(rng, one, people=400, each=5, prompts=5) for one in truth]
    found = choice_model.strengths(
        np.concatenate([panel.ranks for panel in panels]),
        np.concatenate([panel.items for panel in panels]),
        np.repeat([0, 1], 2000),
        np.concatenate([panels[0].people, panels[1].people + 400]),
    )
    for fit, one in zip(found, truth, strict=True):
        assert fit.people == 400
        distance = np.abs(fit.coefficients - one[1:]) / fit.errors
        assert distance.max() < 3.7  # three coefficients, family-wise 99.9 %
        assert fit.errors.max() < 0.06


def test_places_and_classes_by_group_are_told_apart() -> None:
    rng = np.random.default_rng(3)
    bonus = np.array([0.6, 0.2, 0.0, 0.0])
    panel = draw_panel(
        rng, np.array([0.9, 0.0, 0.0, 0.0]), people=800, each=6, prompts=6, place_bonus=bonus
    )
    groups = panel.people % 2
    x = np.concatenate(
        [
            choice_model.place_covariates(panel.shown),
            choice_model.class_covariates(panel.items, groups, class_count=4),
        ],
        axis=2,
    )
    assert x.shape == (4800, 4, 3 + 2 * 3)
    fit = choice_model.fit(panel.ranks, panel.shown, x, panel.people)
    truth = np.array([0.6, 0.2, 0.0, 0.9, 0.0, 0.0, 0.9, 0.0, 0.0])
    assert (np.abs(fit.coefficients - truth) / fit.errors).max() < 4
    assert np.abs(fit.coefficients - truth).max() < 0.15


def test_an_item_that_always_wins_or_never_varies_is_refused() -> None:
    ranks = np.tile([1, 2, 3], (30, 1))
    shown = np.ones((30, 3), dtype=bool)
    whose = np.arange(30)
    with pytest.raises(choice_model.NotIdentifiedError):
        choice_model.fit(ranks, shown, one_item(ranks - 1, 3), whose)
    with pytest.raises(choice_model.NotIdentifiedError):
        choice_model.fit(ranks, shown, np.ones((30, 3, 1)), whose)

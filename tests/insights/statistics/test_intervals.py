"""Errors over people: against hand-worked values, and against what they promise."""

import numpy as np
import pytest
from scipy import stats

from insights.statistics import agreement, choice_model, intervals, position, preference
from insights.statistics.intervals import Estimates
from tests.insights.statistics.panels import Panel, draw_panel

REPLICATIONS = 250
# Of two people who choose among four, one of which is worth 1.5 N(0, 1) more: by integration.
TRUE_ALIKE = 0.3348
# A true 95 % over 250 replications lies above this with probability 0.9999.
LEAST = float(stats.binom.ppf(1e-4, REPLICATIONS, 0.95)) / REPLICATIONS


def test_the_error_of_a_mean_is_the_textbook_one_where_everybody_counts_once() -> None:
    values = np.array([[1.0], [2.0], [4.0], [5.0]])
    found = intervals.ratio(values, np.ones((4, 1)))
    assert found.value[0] == 3.0
    assert found.error[0] == pytest.approx(np.std(values, ddof=1) / 2)
    low, high = found.bounds(0.95)
    assert high[0] - 3.0 == pytest.approx(3.182446 * found.error[0], rel=1e-5)
    assert low[0] + high[0] == pytest.approx(6.0)


def test_a_ratio_jackknifed_by_hand() -> None:
    # Without each person: 9/4, 8/3, 5/3; their mean 79/36; (2/3) * sum of squares.
    found = intervals.ratio(np.array([[2.0], [3.0], [6.0]]), np.array([[1.0], [2.0], [2.0]]))
    without = np.array([9 / 4, 8 / 3, 5 / 3])
    assert found.value[0] == pytest.approx(11 / 5)
    assert found.error[0] == pytest.approx(np.sqrt(2 / 3 * ((without - without.mean()) ** 2).sum()))


def test_who_has_no_part_in_a_figure_does_not_narrow_it() -> None:
    alone = intervals.ratio(np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]]))
    beside = intervals.ratio(np.array([[1.0], [3.0], [0.0]]), np.array([[1.0], [1.0], [0.0]]))
    assert beside.error[0] == pytest.approx(alone.error[0])
    assert beside.people[0] == 2


def test_one_person_gives_a_figure_without_an_interval() -> None:
    found = intervals.ratio(np.array([[2.0]]), np.array([[1.0]]))
    assert found.value[0] == 2.0
    assert np.isnan(found.error[0])
    assert np.isnan(found.bounds()[0][0])


def test_the_interval_of_a_mean_rank_covers_the_truth() -> None:
    rng = np.random.default_rng(1)
    strengths = np.array([0.8, 0.0, -0.4, -0.4])
    big = draw_panel(rng, strengths, people=60_000, each=4, prompts=20, person_sd=0.8)
    truth = _mean_ranks(big).value[0]
    inside = []
    for _replication in range(REPLICATIONS):
        panel = draw_panel(rng, strengths, people=40, each=8, prompts=20, person_sd=0.8)
        low, high = _mean_ranks(panel).bounds(0.95)
        inside.append((low[0] <= truth) & (truth <= high[0]))
    assert np.mean(inside, axis=0).min() >= LEAST


def test_the_interval_of_a_position_share_covers_and_a_binomial_one_does_not() -> None:
    rng = np.random.default_rng(2)
    even = np.zeros(4)
    big = draw_panel(rng, even, people=100_000, each=4, prompts=4, habit_sd=1.5)
    truth = (big.chosen == 0).mean()
    clustered, binomial = [], []
    for _replication in range(REPLICATIONS):
        panel = draw_panel(rng, even, people=40, each=20, prompts=20, habit_sd=1.5)
        found = position.choice_shares(panel.chosen, panel.shown, panel.people)
        low, high = found.bounds(0.95)
        clustered.append(low[0] <= truth <= high[0])
        share = found.value[0]
        binomial.append(abs(share - truth) <= 1.96 * np.sqrt(share * (1 - share) / 800))
    assert np.mean(clustered) >= LEAST
    assert np.mean(binomial) < 0.75


@pytest.mark.parametrize("of", ["choices", "rankings"])
def test_the_interval_of_agreement_covers_the_truth(of: str) -> None:
    rng = np.random.default_rng(3)
    strengths = np.array([1.0, 0.3, 0.0, -0.5])
    big = draw_panel(rng, strengths, people=40_000, each=1, prompts=1, person_sd=0.6)
    truth = _agreement(big, of).value[0]
    inside = []
    for _replication in range(REPLICATIONS):
        panel = draw_panel(rng, strengths, people=40, each=5, prompts=20, person_sd=0.6)
        low, high = _agreement(panel, of).bounds(0.95)
        inside.append(low[0] <= truth <= high[0])
    assert np.mean(inside) >= LEAST


def test_the_sandwich_of_a_place_coefficient_covers_where_people_have_habits() -> None:
    rng = np.random.default_rng(4)
    inside, naive = [], []
    bonus = np.array([0.5, 0.0, 0.0])
    truth = _place_fit(
        draw_panel(
            rng, np.zeros(3), people=20_000, each=4, prompts=10, place_bonus=bonus, habit_sd=1.0
        )
    )
    for _replication in range(REPLICATIONS):
        panel = draw_panel(
            rng, np.zeros(3), people=60, each=10, prompts=10, place_bonus=bonus, habit_sd=1.0
        )
        fit = _place_fit(panel)
        distance = abs(fit.coefficients[0] - truth.coefficients[0])
        inside.append(distance <= stats.t.ppf(0.975, 59) * fit.errors[0])
        naive.append(distance <= 1.96 * np.sqrt(1.5 / panel.people.size))
    assert np.mean(inside) >= LEAST
    assert np.mean(naive) < 0.85


def test_resampling_people_and_prompts_is_wide_enough_where_both_matter() -> None:
    """Values with an effect of the person and one of the prompt: error known in closed form."""
    rng = np.random.default_rng(5)
    people, prompts = 30, 20
    spreads = []
    for _replication in range(20):
        grid = (
            rng.standard_normal((people, 1))
            + rng.standard_normal((1, prompts))
            + rng.standard_normal((people, prompts))
        )
        drawn = intervals.pigeonhole(
            lambda w, v, grid=grid: np.array([w @ grid @ v / (w.sum() * v.sum())]),  # type: ignore[misc]
            people=people,
            prompts=prompts,
            draws=200,
            seed=7,
        )
        spreads.append(drawn.std())
    true_error = np.sqrt(1 / people + 1 / prompts + 1 / (people * prompts))
    assert true_error * 0.9 <= np.mean(spreads) <= true_error * 1.25


def test_a_person_drawn_twice_does_not_agree_with_herself() -> None:
    """Without any agreement the resampled figure stays at its value; naive pairs lift it."""
    rng = np.random.default_rng(6)
    panel = draw_panel(rng, np.zeros(4), people=10, each=20, prompts=20)
    places = preference.midranks(panel.ranks, panel.shown)
    by_item = np.empty_like(places)
    np.put_along_axis(by_item, panel.items, places, axis=1)
    pairs = agreement.rankings(by_item, panel.prompts, panel.people)
    drawn = intervals.pigeonhole(pairs.resampled, people=10, prompts=20, draws=400, seed=1)
    found = pairs.mean(np.zeros(20, dtype=np.int64)).value[0]
    assert abs(drawn.mean() - found) < 0.02
    naive = []
    for _draw in range(200):
        weight = np.bincount(rng.integers(10, size=10), minlength=10)[panel.people]
        sums = np.zeros((20, 4))
        np.add.at(sums, panel.prompts, weight[:, None] * pairs.vectors)
        naive.append((((sums**2).sum(axis=1) - 10) / 90).mean())
    assert np.mean(naive) - found > 0.06


def _mean_ranks(panel: Panel) -> Estimates:
    places = preference.midranks(panel.ranks, panel.shown)
    groups = np.zeros(panel.people.size, dtype=np.int64)
    return preference.mean_ranks(places, panel.items, groups, panel.people, class_count=4)


def _agreement(panel: Panel, of: str) -> Estimates:
    places = preference.midranks(panel.ranks, panel.shown)
    by_item = np.empty_like(places)
    np.put_along_axis(by_item, panel.items, places, axis=1)
    pairs = (
        agreement.rankings(by_item, panel.prompts, panel.people)
        if of == "rankings"
        else agreement.choices(by_item.argmin(axis=1), panel.prompts, panel.people)
    )
    return pairs.mean(np.zeros(int(panel.prompts.max()) + 1, dtype=np.int64))


def _place_fit(panel: Panel) -> choice_model.Fit:
    covariates = choice_model.place_covariates(panel.shown)
    return choice_model.fit(panel.ranks, panel.shown, covariates, panel.people)


def test_an_error_over_people_and_prompts_covers_where_people_alone_does_not() -> None:
    """Another draw of prompts: what arms are compared by. Prompts differ in how alike people
    choose; each replication draws both anew."""
    rng = np.random.default_rng(11)
    inside = np.zeros((REPLICATIONS, 2))
    for replication in range(REPLICATIONS):
        ease, whose = rng.normal(size=(30, 1)), np.tile(np.arange(40), 30)
        utilities = np.repeat(ease, 40, axis=0) * [1.5, 0, 0, 0] + rng.gumbel(size=(1200, 4))
        sets = np.repeat(np.arange(30), 40)
        pairs = agreement.choices(utilities.argmax(axis=1), sets, whose)
        together = np.zeros(30, dtype=np.int64)
        people = pairs.mean(together)
        values = pairs.by_set()[:, None]
        both = intervals.over_both(people, intervals.ratio(values, np.ones((30, 1))))
        for column, one in enumerate((people, both)):
            low, high = one.bounds()
            inside[replication, column] = low[0] <= TRUE_ALIKE <= high[0]
    alone, together_covered = inside.mean(axis=0)
    assert alone < 0.75
    assert together_covered >= LEAST


def test_an_error_over_both_has_the_degrees_of_freedom_of_the_fewer() -> None:
    """A thousand people do not make five prompts many."""
    people = intervals.Estimates(np.array([0.4]), np.array([0.03]), np.array([1000]))
    prompts = intervals.Estimates(np.array([0.4]), np.array([0.04]), np.array([5]))
    both = intervals.over_both(people, prompts)
    assert both.people[0] == 1000
    # 2.7764: the 0.975 quantile of Student's t with four degrees of freedom, from a table.
    assert both.half_width()[0] == pytest.approx(2.7764 * 0.05, rel=1e-4)

"""Agreement of pairs: by hand, against counting every pair, and what its intervals promise."""

import numpy as np
import pytest

from insights.figures.parts import interval
from insights.statistics import agreement, tau
from insights.statistics.arrays import Floats, Ints
from insights.statistics.pairwise import Pairwise, Which
from tests.insights.statistics.panels import Panel, draw_panel
from tests.insights.statistics.test_intervals import LEAST, REPLICATIONS


def judged(panel: Panel, groups: Ints | None = None) -> Pairwise:
    """Choices of a panel, by item: which place it stood in does not matter."""
    chosen = np.take_along_axis(panel.items, panel.chosen[:, None], axis=1)[:, 0]
    some = np.zeros(panel.people.size, dtype=np.int64) if groups is None else groups
    width = int(panel.items.max()) + 1
    ones = np.ones((panel.people.size, 1))
    return Pairwise(np.eye(width)[chosen], ones, panel.prompts, panel.people, some)


@pytest.fixture
def panel() -> Panel:
    strengths = np.array([0.8, 0.0, -0.4, -0.4])
    return draw_panel(np.random.default_rng(1), strengths, people=15, each=5, prompts=9)


def test_two_of_three_who_choose_alike_are_one_pair_in_three() -> None:
    chosen, once = np.array([0, 0, 1]), np.ones((3, 1))
    three = Pairwise(np.eye(2)[chosen], once, np.zeros(3, int), np.arange(3), np.array([0, 1, 1]))
    assert three.by_set() == pytest.approx([1 / 3])
    assert three.by_set(Which.WITHIN) == pytest.approx([0.0])
    assert three.by_set(Which.BETWEEN) == pytest.approx([1 / 2])


def test_where_no_set_has_both_kinds_of_pairs_there_is_no_difference_of_them() -> None:
    """One person of each group: as at the start of a study."""
    once = np.ones((2, 1))
    two = Pairwise(np.eye(2), once, np.zeros(2, int), np.arange(2), np.arange(2))
    found = two.gap(np.zeros(1, dtype=int))
    assert np.isnan(found.value).tolist() == [True]
    assert found.people.tolist() == [0]


@pytest.mark.parametrize("which", list(Which))
def test_every_pair_counted_gives_the_same(panel: Panel, which: Which) -> None:
    groups = panel.people % 3
    pairs = judged(panel, groups)
    assert pairs.by_set(which) == pytest.approx(_counted(pairs, which), nan_ok=True)


def _counted(pairs: Pairwise, which: Which) -> list[float]:
    found = []
    for one in range(int(pairs.sets.max()) + 1):
        rows = np.flatnonzero(pairs.sets == one)
        alike = [
            float(pairs.vectors[first] @ pairs.vectors[second])
            for first in rows
            for second in rows
            if first != second
            and (
                which is Which.ALL
                or (which is Which.WITHIN) == (pairs.groups[first] == pairs.groups[second])
            )
        ]
        found.append(float(np.mean(alike)) if alike else np.nan)
    return found


@pytest.mark.parametrize("which", list(Which))
def test_leaving_people_out_in_closed_form_is_leaving_them_out(panel: Panel, which: Which) -> None:
    groups = panel.people % 3
    everybody = judged(panel, groups)
    together = np.zeros(9, dtype=np.int64)
    without = []
    for person in range(15):
        kept = everybody.people != person
        fewer = Pairwise(
            everybody.vectors[kept],
            everybody.weights[kept],
            everybody.sets[kept],
            everybody.people[kept],
            groups[kept],
        )
        without.append(np.nanmean(fewer.by_set(which)))
    expected = np.sqrt(14 / 15 * ((without - np.mean(without)) ** 2).sum())
    assert everybody.mean(together, which).error[0] == pytest.approx(expected)


def test_the_gap_is_the_difference_over_sets_that_have_both(panel: Panel) -> None:
    pairs = judged(panel, panel.people % 3)
    same, other = pairs.by_set(Which.WITHIN), pairs.by_set(Which.BETWEEN)
    both = ~np.isnan(same) & ~np.isnan(other)
    found = pairs.gap(np.zeros(9, dtype=np.int64))
    assert found.value[0] == pytest.approx((same[both] - other[both]).mean())
    assert found.error[0] > 0


def test_choices_and_rankings_agree_with_their_own_module(panel: Panel) -> None:
    parts = panel.prompts[np.unique(panel.prompts, return_index=True)[1]] % 2
    chosen = judged(panel).vectors.argmax(axis=1)
    other = agreement.choices(chosen, panel.prompts, panel.people).mean(parts)
    mine = judged(panel).mean(parts)
    assert mine.value == pytest.approx(other.value)
    assert mine.error == pytest.approx(other.error)


def test_who_gave_no_answer_makes_no_pair_of_groups() -> None:
    once = np.ones((3, 1))
    pairs = Pairwise(once, once, np.zeros(3, int), np.arange(3), np.array([0, -1, -1]))
    assert np.isnan(pairs.by_set(Which.WITHIN)[0])
    assert np.isnan(pairs.by_set(Which.BETWEEN)[0])
    assert pairs.by_set()[0] == 1


def test_intervals_cover_within_and_between_groups() -> None:
    """Two groups that like different candidates; the truth is that of 60,000 people."""
    rng = np.random.default_rng(3)
    inside = np.zeros((REPLICATIONS, 3), dtype=bool)
    likes = np.array([[0.9, 0.0, -0.3, -0.6], [-0.6, 0.9, 0.0, -0.3]])
    truth = _figures(rng, likes, people=6000, each=20)[0]
    for replication in range(REPLICATIONS):
        _values, low, high = _figures(rng, likes, people=60, each=6)
        inside[replication] = (low <= truth) & (truth <= high)
    assert inside.mean(axis=0).min() >= LEAST


def _figures(
    rng: np.random.Generator, likes: Floats, *, people: int, each: int
) -> tuple[Floats, Floats, Floats]:
    """Within, between and the gap, with bounds, of twenty prompts with the same likings."""
    group = np.arange(people) % 2
    mine = likes[group] + 0.7 * rng.standard_normal((people, 4))
    whose = np.repeat(np.arange(people), each)
    prompts = rng.permuted(np.tile(np.arange(20), (people, 1)), axis=1)[:, :each].ravel()
    chosen = (mine[whose] + rng.gumbel(size=(whose.size, 4))).argmax(axis=1)
    pairs = Pairwise(np.eye(4)[chosen], np.ones((whose.size, 1)), prompts, whose, group[whose])
    together = np.zeros(20, dtype=np.int64)
    found = [
        pairs.mean(together, Which.WITHIN),
        pairs.mean(together, Which.BETWEEN),
        pairs.gap(together),
    ]
    bounds = [one.bounds() for one in found]
    return (
        np.array([one.value[0] for one in found]),
        np.array([low[0] for low, _high in bounds]),
        np.array([high[0] for _low, high in bounds]),
    )


# Tau-x, over pairs that both people ranked.


def test_a_tie_of_one_person_takes_a_third_away() -> None:
    """(1, 2, 2) and (1, 2, 3): two pairs in the same order, one tied by one of them: 4 / 6."""
    assert tau.tau_x(np.array([[1, 2, 2]]), np.array([[1, 2, 3]])) == pytest.approx([2 / 3])


def test_the_same_tie_of_both_is_agreement() -> None:
    ranks = np.array([[1, 2, 2, 4], [1, 1, 1, 1]])
    assert tau.tau_x(ranks, ranks) == pytest.approx([1, 1])


def test_opposite_orders_disagree() -> None:
    assert tau.tau_x(np.array([[1, 2, 3]]), np.array([[3, 2, 1]])) == pytest.approx([-1])


def test_only_what_both_ranked_is_compared() -> None:
    """Left unranked is 0, not offered is -1; the pair that is left is in opposite orders."""
    found = tau.tau_x(
        np.array([[1, 2, 3, 0], [1, 0, 0, 2]]), np.array([[2, 1, -1, 3], [0, 1, 2, 3]])
    )
    assert found[0] == pytest.approx(-1)
    assert np.isnan(found[1])


def test_the_sum_over_pairs_is_the_mean_tau_x_of_all_pairs() -> None:
    rng = np.random.default_rng(2)
    ranks = rng.integers(1, 4, size=(6, 4))
    scores = tau.scores(ranks)
    pairs = Pairwise(scores, np.abs(scores), np.zeros(6, int), np.arange(6), np.zeros(6, int))
    first, second = np.triu_indices(6, 1)
    assert pairs.by_set()[0] == pytest.approx(tau.tau_x(ranks[first], ranks[second]).mean())


def test_a_part_with_nothing_to_compare_has_no_figure() -> None:
    """Two people of different groups: nobody of one group to compare them with."""
    two = Pairwise(np.eye(2), np.ones((2, 1)), np.zeros(2, int), np.arange(2), np.array([0, 1]))
    assert interval(two.gap(np.zeros(1, int)), 0) == (None, None, None)

"""Strengths with ties: worked by hand, a published example, known truth, and a broken model."""

from dataclasses import replace

import numpy as np
import pytest

from insights.statistics import covariates, plackett_luce
from insights.statistics.newton import NotIdentifiedError
from insights.statistics.tied_choices import Stages, sets_of, standard_places
from tests.insights.statistics.panels import draw_panel

# Davidson (1970), example 2: pairs of six chocolate puddings; how often the first was
# preferred, the second, and neither.
PUDDINGS = {
    (1, 2): (19, 22, 16),
    (1, 3): (16, 19, 12),
    (2, 3): (19, 19, 10),
    (1, 4): (18, 23, 13),
    (2, 4): (23, 19, 9),
    (3, 4): (19, 20, 15),
    (1, 5): (13, 19, 18),
    (2, 5): (16, 20, 12),
    (3, 5): (16, 15, 17),
    (4, 5): (17, 14, 16),
    (1, 6): (18, 21, 12),
    (2, 6): (22, 20, 12),
    (3, 6): (13, 18, 10),
    (4, 6): (14, 19, 18),
    (5, 6): (11, 21, 12),
}


def chance(ranks: list[int], logs: list[float], ties: dict[int, float]) -> float:
    """The probability of a ranking of candidates, each an item of its own.

    The likelihood knows only sizes of ties that occur, so an even one is added where needed.
    """
    k = len(ranks)
    every = np.ones(k, dtype=bool)
    made = Stages.of(np.array([ranks]), every[None], np.eye(k)[None], every)
    stages = replace(made, sizes=tuple(ties))
    return float(np.exp(stages.summed(np.array([*logs, *np.log(list(ties.values()))]))[0]))


def test_places_are_those_of_a_competition_and_the_unranked_stand_behind() -> None:
    shown = np.array([[True, True, True, True], [True, True, True, False]])
    found = standard_places(np.array([[7, 2, 2, 9], [1, 0, 0, 0]]), shown)
    assert found.tolist() == [[3, 1, 1, 4], [1, 5, 5, 0]]


def test_sets_carry_the_mean_of_their_members_and_a_mark_for_their_size() -> None:
    marks, members = sets_of(3, (2,))
    assert members.tolist()[3:] == [[1, 1, 0], [1, 0, 1], [0, 1, 1]]
    assert marks.tolist()[2:4] == [[0, 0, 1, 0], [0.5, 0.5, 0, 1]]


def test_a_ranking_with_a_tie_is_as_likely_as_worked_by_hand() -> None:
    logs = np.log([1.0, 4.0, 9.0]).tolist()
    # Pairs' geometric means are 2, 3 and 6, and half of pairs as good as singles tie.
    first = 1 + 4 + 9 + 0.5 * (2 + 3 + 6)
    assert chance([2, 2, 1], logs, {2: 0.5}) == pytest.approx(9 / first * 1 / (1 + 4 + 1))
    assert chance([1, 1, 3], logs, {2: 0.5}) == pytest.approx(1 / first)
    assert chance([3, 2, 1], logs, {2: 0.5}) == pytest.approx(9 / first * 4 / (1 + 4 + 1))


def test_all_rankings_with_ties_together_are_certain() -> None:
    logs, ties = [0.3, -0.7, 0.1], {2: 0.4, 3: 0.2}
    rankings = [
        [1, 2, 3], [1, 3, 2], [2, 1, 3], [3, 1, 2], [2, 3, 1], [3, 2, 1], [1, 1, 3],
        [1, 3, 1], [3, 1, 1], [1, 2, 2], [2, 1, 2], [2, 2, 1], [1, 1, 1],
    ]  # fmt: skip
    assert sum(chance(one, logs, ties) for one in rankings) == pytest.approx(1)


def test_the_unranked_lose_every_stage() -> None:
    logs = np.log([1.0, 2.0, 3.0, 4.0]).tolist()
    assert chance([1, 0, 0, 2], logs, {}) == pytest.approx(1 / 10 * 4 / 9)


def test_two_items_have_the_strengths_and_errors_of_the_closed_form() -> None:
    """Of 35 people 20 prefer one, 5 the other, 10 neither: odds 20 to 5, and delta is
    10 / root(20 * 5); the variance of the logarithm of such odds is 1/20 + 1/5."""
    ranks = np.repeat([[1, 2], [2, 1], [1, 1]], [20, 5, 10], axis=0)
    items = np.tile([0, 1], (35, 1))
    found = plackett_luce.strengths(ranks, items, np.arange(35), ["A", "B"])
    assert found.logs[0] - found.logs[1] == pytest.approx(np.log(4))
    assert found.ties == {2: pytest.approx(1.0)}
    apart = np.array([1.0, -1.0])
    assert apart @ found.covariance @ apart == pytest.approx((1 / 20 + 1 / 5) * 35 / 34)
    assert found.shares == pytest.approx([0.8, 0.2])


def test_three_items_liked_in_a_circle_are_equally_strong() -> None:
    ranks = np.tile([[1, 2, 3], [3, 1, 2], [2, 3, 1]], (4, 1))
    items = np.tile([0, 1, 2], (12, 1))
    found = plackett_luce.strengths(ranks, items, np.arange(12), ["A", "B", "C"])
    assert found.logs == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.ties == {}


def test_puddings_are_as_good_as_published() -> None:
    """Davidson (1970) and Turner et al. (2020, section 2.1.1) give worths and the tie
    parameter to within the steps that their iterations took."""
    rows = [
        ((one - 1, other - 1), ranks)
        for (one, other), counts in PUDDINGS.items()
        for ranks, count in zip(([1, 2], [2, 1], [1, 1]), counts, strict=True)
        for _time in range(count)
    ]
    items, ranks = (np.array(column) for column in zip(*rows, strict=True))
    names = [f"brand {number}" for number in range(1, 7)]
    found = plackett_luce.strengths(ranks, items, np.arange(len(ranks)), names)
    published = [0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024]
    assert found.shares == pytest.approx(published, abs=2e-4)
    assert found.ties[2] == pytest.approx(0.7468, abs=1e-3)


def drawn(
    rng: np.random.Generator, logs: np.ndarray, *, tie: float, people: int, each: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rankings of all items by the model itself, ties of two of prevalence `tie`."""
    k, number = logs.size, people * each
    items = rng.permuted(np.tile(np.arange(k), (number, 1)), axis=1)
    marks, members = sets_of(k, (2,))
    worth = np.exp(np.take_along_axis(np.tile(logs, (number, 1)), items, axis=1))
    ranks = np.zeros((number, k), dtype=np.int64)
    for _stage in range(k):
        left = ranks == 0
        offered = (left @ members.T >= members.sum(axis=1)) & left.any(axis=1)[:, None]
        weight = np.exp(np.log(worth) @ marks[:, :k].T) * tie ** marks[:, k]
        total = np.cumsum(np.where(offered, weight, 0.0), axis=1)
        pick = (total < rng.random((number, 1)) * total[:, -1:]).sum(axis=1)
        taken = members[np.minimum(pick, len(members) - 1)].astype(bool) & left
        place = (~left).sum(axis=1) + 1
        ranks = np.where(taken, place[:, None], ranks)
    return ranks, items, np.repeat(np.arange(people), each)


def test_planted_strengths_and_ties_come_back_and_intervals_hold_95_of_100() -> None:
    rng = np.random.default_rng(1)
    truth = np.array([0.6, 0.2, -0.1, -0.7])
    names = list("ABCD")
    inside, ties = [], []
    for _replication in range(300):
        ranks, items, people = drawn(rng, truth, tie=0.3, people=60, each=3)
        found = plackett_luce.strengths(ranks, items, people, names)
        inside.append(np.abs(found.logs - truth) <= 2.0 * found.errors)  # t of 59: 2.001
        ties.append(np.log(found.ties[2] / 0.3))
    share = np.mean(inside)
    # 1200 checks that hang together in fours: three standard errors of 300 are 0.038.
    assert 0.912 < share < 0.988
    assert abs(np.mean(ties)) < 0.03


def test_people_who_repeat_themselves_make_honest_errors_wider() -> None:
    """Errors that took every ranking for another person would cover far less."""
    rng = np.random.default_rng(2)
    inside: list[np.ndarray] = []
    naive: list[np.ndarray] = []
    for _replication in range(200):
        panel = draw_panel(rng, np.zeros(3), people=40, each=10, prompts=10, person_sd=1.5)
        for people, held in ((panel.people, inside), (np.arange(400), naive)):
            found = plackett_luce.strengths(panel.ranks, panel.items, people, list("ABC"))
            held.append(np.abs(found.logs) <= 2.023 * found.errors)
    assert 0.90 < np.mean(inside) < 0.99
    assert np.mean(naive) < 0.75


def test_top_two_of_four_give_the_same_strengths_as_whole_rankings() -> None:
    rng = np.random.default_rng(3)
    truth = np.array([0.9, 0.3, -0.3, -0.9])
    panel = draw_panel(rng, truth, people=1500, each=2, prompts=2)
    top = np.where(panel.ranks <= 2, panel.ranks, 0)
    found = plackett_luce.strengths(top, panel.items, panel.people, list("ABCD"))
    assert np.abs((found.logs - truth) / found.errors).max() < 4
    assert found.errors.max() < 0.06
    # Without the unranked as losers the last item would seem much better than it is.
    alone = np.where(panel.ranks <= 2, panel.items, -1)
    blind = plackett_luce.strengths(top, alone, panel.people, list("ABCD"))
    assert blind.logs[3] > found.logs[3] + 0.3


def test_rankings_that_say_the_same_may_be_counted_instead_of_repeated() -> None:
    rng = np.random.default_rng(19)
    ranks, items, people = drawn(rng, np.array([0.5, 0.0, -0.5]), tie=0.3, people=50, each=4)
    one_hot = np.eye(3)[items][:, :, 1:]
    keys = plackett_luce.patterns(ranks, items)
    assert keys is not None
    assert np.unique(keys).size < 80
    once = plackett_luce.fit(ranks, items >= 0, one_hot, people, same=keys)
    each = plackett_luce.fit(ranks, items >= 0, one_hot, people)
    assert once.effects == pytest.approx(each.effects)
    assert once.covariance == pytest.approx(each.covariance)
    assert once.log_likelihood == pytest.approx(each.log_likelihood)


def test_arms_without_a_shared_response_cannot_be_compared_and_an_anchor_connects_them() -> None:
    rng = np.random.default_rng(4)
    noisy = rng.gumbel(size=(400, 3)) + np.array([0.5, 0.0, 0.0])
    ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
    apart = np.where((np.arange(400) < 200)[:, None], [0, 1, 2], [3, 4, 5])
    names = ["A1", "A2", "A3", "B1", "B2", "B3"]
    with pytest.raises(NotIdentifiedError, match="shared anchor") as raised:
        plackett_luce.strengths(ranks, apart, np.arange(400), names)
    assert "(A1, A2, A3) with (B1, B2, B3)" in str(raised.value)
    anchored = np.where(apart == 5, 2, apart)
    found = plackett_luce.strengths(ranks, anchored, np.arange(400), names[:5])
    assert found.errors.max() < 0.25


def test_an_item_that_always_loses_has_no_known_strength() -> None:
    ranks = np.array([[1, 2, 3], [2, 1, 3]] * 10)
    items = np.tile([0, 1, 2], (20, 1))
    with pytest.raises(NotIdentifiedError, match=r"\(C\) always won or always lost"):
        plackett_luce.strengths(ranks, items, np.arange(20), ["A", "B", "C"])


def test_the_stage_test_rejects_a_true_model_as_rarely_as_it_says() -> None:
    rng = np.random.default_rng(5)
    truth = np.array([0.5, 0.0, -0.5])
    p_values = []
    for _replication in range(300):
        ranks, items, people = drawn(rng, truth, tie=0.2, people=100, each=2)
        one_hot = np.eye(3)[items][:, :, 1:]
        test = plackett_luce.stage_test(ranks, items >= 0, one_hot, people)
        assert test.freedom == 2
        p_values.append(test.p_value)
    # Three standard errors of 300 are 0.038.
    assert 0.012 < np.mean(np.array(p_values) < 0.05) < 0.088


def test_with_many_effects_and_few_people_the_stage_test_still_rejects_as_rarely() -> None:
    """Chi-squared would reject a true model at 1 % in half of these replications."""
    rng = np.random.default_rng(7)
    warned = []
    for _replication in range(60):
        x = rng.normal(size=(200, 4, 12))
        ranks = 1 + (-rng.gumbel(size=(200, 4))).argsort(axis=1).argsort(axis=1)
        whose = np.repeat(np.arange(25), 8)
        test = plackett_luce.stage_test(ranks, np.ones((200, 4), dtype=bool), x, whose)
        warned.append(test.p_value < 0.01)
    assert np.mean(warned) <= 0.05


def test_as_many_effects_as_people_are_refused_in_a_sentence() -> None:
    rng = np.random.default_rng(8)
    x = rng.normal(size=(96, 4, 12))
    ranks = 1 + (-rng.gumbel(size=(96, 4))).argsort(axis=1).argsort(axis=1)
    whose = np.repeat(np.arange(12), 8)
    with pytest.raises(NotIdentifiedError, match="too few people"):
        plackett_luce.stage_test(ranks, np.ones((96, 4), dtype=bool), x, whose)


def test_two_responses_that_share_their_supporters_break_the_model_and_the_test_says_so() -> None:
    """Red bus, blue bus: who likes one likes the other, so that whoever put one first takes
    the other next, and the third one looks weak in later choices only."""
    rng = np.random.default_rng(6)
    warned = []
    for _replication in range(200):
        likes = 2.0 * rng.standard_normal((150, 1)) * np.array([1.0, 1.0, 0.0])
        noisy = np.repeat(likes, 2, axis=0) + rng.gumbel(size=(300, 3))
        ranks = 1 + (-noisy).argsort(axis=1).argsort(axis=1)
        one_hot = np.tile(np.eye(3)[:, 1:], (300, 1, 1))
        test = plackett_luce.stage_test(
            ranks, np.ones((300, 3), dtype=bool), one_hot, np.repeat(np.arange(150), 2)
        )
        warned.append(test.p_value < 0.01)
    assert np.mean(warned) > 0.9


def test_one_kind_of_response_or_none_that_differ_are_refused_in_a_sentence() -> None:
    ranks, whose = np.array([[1, 2], [2, 1]]), np.arange(2)
    with pytest.raises(NotIdentifiedError, match="of one kind"):
        plackett_luce.strengths(ranks, np.zeros_like(ranks), whose, ["A"])
    with pytest.raises(NotIdentifiedError, match="do not differ"):
        plackett_luce.fit(ranks, ranks > 0, np.zeros((2, 2, 0)), whose)


def test_effects_of_groups_are_those_of_columns_that_are_0_in_the_others_rankings() -> None:
    """With a kind that one group never met, and ties; every column written out, or none."""
    rng = np.random.default_rng(4)
    n, names = 900, ("a", "b", "c")
    whose = np.repeat(np.arange(n // 6), 6)
    groups = whose % 3
    kinds = rng.permuted(np.tile(np.arange(4), (n, 1)), axis=1)
    kinds[(groups == 2)[:, None] & (kinds == 3)] = 2
    shown = rng.random((n, 4)) < 0.95
    shown[:, :2] = True
    ranks = np.where(shown, 1 + rng.integers(3, size=(n, 4)), 0)
    liked = {f"kind: {kind}": (kinds == kind).astype(float) for kind in (1, 2, 3)}
    form = {"first": np.tile([1.0, 0, 0, 0], (n, 1)), "all alike": np.ones((n, 4))}
    wide = {
        f"{name} · {group}": np.where((groups == code)[:, None], column, 0.0)
        for name, column in liked.items()
        for code, group in enumerate(names)
    }
    design = covariates.stack(wide | form, shown)
    expected = plackett_luce.fit(ranks, shown, design.x, whose)
    narrow = covariates.stack_groups(liked, form, shown, groups, names)
    found = plackett_luce.fit_groups(
        ranks, shown, narrow.x, whose, groups=groups, columns=narrow.columns
    )
    assert narrow.names == design.names and design.dropped == ("kind: 3 · c", "all alike")
    assert narrow.x.shape[2] == 5
    assert found.sizes == expected.sizes == (2, 3, 4)
    assert found.effects == pytest.approx(expected.effects, abs=1e-8)
    assert found.covariance == pytest.approx(expected.covariance, abs=1e-8)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood)
    near = plackett_luce.fit(ranks, shown, design.x, whose, near=expected.effects)
    assert near.effects == pytest.approx(expected.effects, abs=1e-8)

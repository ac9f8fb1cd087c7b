"""What theory expects: against a closed formula where there is one, and what stays known."""

from dataclasses import replace

import numpy as np
import pytest

from rehearsal.draws import AT_RANDOM, HONEST
from rehearsal.imagined import Design, imagine
from rehearsal.recovery import expect
from rehearsal.replay import Replay, reorder
from rehearsal.table import Table
from rehearsal.truth import POLES, Truth


@pytest.fixture(scope="module")
def played() -> tuple[Truth, Table]:
    truth = Truth.from_seed(5)
    return truth, imagine(truth, Design(people=400))


def test_reordering_moves_candidates_and_changes_nobodys_choice(
    played: tuple[Truth, Table],
) -> None:
    _truth, table = played
    rows = np.arange(len(table))
    mixed = reorder(table, np.random.default_rng(1))
    assert (mixed.order != table.order).any()
    assert (np.sort(mixed.order, axis=1) == np.sort(table.order, axis=1)).all()
    for name in ("order", "pole", "rank"):
        old, new = getattr(table, name), getattr(mixed, name)
        assert (new[rows, mixed.chosen] == old[rows, table.chosen]).all()
    counts = np.bincount(mixed.chosen[table.chosen == 0], minlength=4)
    assert counts.min() > 0.18 * counts.sum()


def test_the_known_careless_stay_careless_and_others_are_drawn_anew(
    played: tuple[Truth, Table],
) -> None:
    truth, table = played
    replay = Replay.of(truth, table)
    rng = np.random.default_rng(2)
    one, other = (replay.draw(rng, reordered=flag) for flag in (False, True))
    known = truth.careless(400)[table.person]
    for drawn in (one, other):
        assert (drawn.chosen[known >= 0] == known[known >= 0]).all()
    honest = known == HONEST
    assert (one.rank[honest] != table.rank[honest]).any(axis=1).mean() > 0.5


def test_who_ranks_at_random_likes_no_pole_in_any_replay(played: tuple[Truth, Table]) -> None:
    truth, table = played
    lot = table.where(truth.careless(400)[table.person] == AT_RANDOM)
    rng = np.random.default_rng(3)
    replay = Replay.of(truth, lot)
    chosen = np.concatenate([replay.draw(rng, reordered=False).chosen for _time in range(200)])
    assert np.bincount(chosen) / chosen.size == pytest.approx([0.25] * 4, abs=0.02)


def test_the_expected_mean_rank_is_a_sum_of_logistic_curves(played: tuple[Truth, Table]) -> None:
    """Without ties, personal likings and places: 1 + the chances of each other one to win."""
    truth, table = played
    plain = replace(truth, tie_share=0.0, person_sd=0.0, first_place_bonus=0.0)
    own = (truth.careless(400)[table.person] == HONEST) & (table.country == "IN")
    own &= (table.gender == "female") & (table.age_band == "35-54")
    few = table.where(own)
    many = Table(**{
        name: np.concatenate([getattr(few, name)] * 30) for name in few.__dataclass_fields__
    })  # fmt: skip
    liking = plain.liking("IN", "female", "35-54")[few.pole]
    beaten = 1 / (1 + np.exp(liking[:, :, None] - liking[:, None, :]))
    by_hand = 1 + beaten.sum(axis=2) - 0.5
    _replays, found = expect(plain, many, {"mean rank by country"})
    for pole in range(len(POLES)):
        assert found["mean rank by country"][pole] == pytest.approx(
            by_hand[few.pole == pole].mean(), abs=0.03
        )

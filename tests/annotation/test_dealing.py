from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotation.dealing import balanced_square, live_order, plan_conversations, pool_order

LENGTHS = {"2": 2, "3": 1, "4": 1}


@given(seed=st.integers(0, 2**31), pool=st.integers(0, 8), own=st.integers(0, 8))
def test_a_plan_holds_what_the_study_asks_for(seed: int, pool: int, own: int) -> None:
    plan = plan_conversations(pool=pool, own=own, turn_lengths=LENGTHS, seed=seed)
    assert Counter(item.kind for item in plan) == Counter({"pool": pool, "own": own})
    assert {item.turns for item in plan} <= {2, 3, 4}


def test_lengths_come_two_to_one_to_one_in_every_block_of_four() -> None:
    for seed in range(50):
        plan = plan_conversations(pool=8, own=4, turn_lengths=LENGTHS, seed=seed)
        for start in (0, 4, 8):
            block = Counter(item.turns for item in plan[start : start + 4])
            assert block == {2: 2, 3: 1, 4: 1}


def test_the_first_conversations_are_two_to_one_to_one_in_expectation() -> None:
    firsts = Counter(
        plan_conversations(pool=2, own=1, turn_lengths=LENGTHS, seed=seed)[0].turns
        for seed in range(4000)
    )
    assert abs(firsts[2] / 4000 - 0.5) < 0.04
    assert abs(firsts[3] / 4000 - 0.25) < 0.04


def test_a_plan_repeats_for_its_seed() -> None:
    plans = [plan_conversations(pool=2, own=1, turn_lengths=LENGTHS, seed=9) for _ in range(2)]
    assert plans[0] == plans[1]


@given(n=st.integers(2, 9))
def test_in_a_square_everything_stands_everywhere_and_before_everything(n: int) -> None:
    square = balanced_square(n)
    repeats = len(square) // n
    for place in range(n):
        assert Counter(row[place] for row in square) == dict.fromkeys(range(n), repeats)
    neighbours = Counter(pair for row in square for pair in pairwise(row))
    assert set(neighbours.values()) == {repeats}
    assert len(neighbours) == n * (n - 1)


@given(seed=st.integers(0, 2**48), n=st.integers(2, 9))
def test_orders_are_permutations(seed: int, n: int) -> None:
    assert sorted(live_order(n=n, seed=seed)) == list(range(n))
    assert sorted(pool_order(n=n, seed=seed, ordinal=3)) == list(range(n))


def test_over_the_slots_of_a_set_each_candidate_stands_equally_often_everywhere() -> None:
    orders = [pool_order(n=4, seed=77, ordinal=ordinal) for ordinal in range(8)]
    for place in range(4):
        assert Counter(order[place] for order in orders) == dict.fromkeys(range(4), 2)

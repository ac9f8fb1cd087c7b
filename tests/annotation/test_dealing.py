"""Plans, squares and orders: pure functions of seeds."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from annotation.dealing.seeds import (
    RETEST,
    WHOLE,
    PlannedConversation,
    balanced_square,
    derive_seed,
    due,
    further_ordinals,
    live_order,
    next_ordinal,
    part_of,
    plan_conversations,
    pool_order,
    retest_order,
)

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


@given(seed=st.integers(0, 2**48), n=st.integers(2, 8), first=st.integers(0, 50))
def test_whole_squares_of_ordinals_are_balanced_wherever_they_begin(
    seed: int, n: int, first: int
) -> None:
    rows = len(balanced_square(n))
    orders = [pool_order(n=n, seed=seed, ordinal=first + row) for row in range(rows)]
    for place in range(n):
        assert Counter(order[place] for order in orders) == dict.fromkeys(range(n), rows // n)


def test_over_sets_each_position_in_the_set_stands_equally_often_in_every_place() -> None:
    """An arm keeps its sources at fixed positions (the default response last): were the order
    tied to them, ten places, which are no whole number of squares, would favour some."""
    n, sets, ordinals = 4, 2000, 10
    for locale in (1, 2):
        places: Counter[tuple[int, int]] = Counter()
        for key in range(sets):
            seed = derive_seed(2026, key, locale)
            for ordinal in range(ordinals):
                places.update(enumerate(pool_order(n=n, seed=seed, ordinal=ordinal)))
        expected = sets * ordinals / n
        # Of a set's ten rows eight balance exactly; the two left give the deviation.
        assert len(places) == n * n
        assert all(abs(count - expected) < 5 * (sets / 2) ** 0.5 for count in places.values())


@given(
    seed=st.integers(0, 2**48),
    n=st.integers(2, 8),
    ordinal=st.integers(0, 60),
    again=st.integers(0, 2**48),
)
def test_at_a_retest_no_response_stands_where_it_stood(
    seed: int, n: int, ordinal: int, again: int
) -> None:
    before = pool_order(n=n, seed=seed, ordinal=ordinal)
    after = retest_order(n=n, seed=seed, ordinal=ordinal, retest_seed=again)
    assert sorted(after) == list(range(n))
    assert all(old != new for old, new in zip(before, after, strict=True))


@given(
    n=st.integers(2, 8),
    target=st.integers(1, 30),
    leaving=st.lists(st.integers(0, 1000), max_size=30),
    seed=st.integers(0, 2**48),
)
def test_refills_keep_the_places_that_count_in_the_rows_that_were_planned(
    n: int, target: int, leaving: list[int], seed: int
) -> None:
    rows = len(balanced_square(n))
    counted, used = list(range(target)), set(range(target))
    for who in leaving:
        ordinal = counted.pop(who % target)
        new = next_ordinal(n=n, ordinal=ordinal, last=max(used))
        assert new not in used
        assert pool_order(n=n, seed=seed, ordinal=new) == pool_order(
            n=n, seed=seed, ordinal=ordinal
        )
        counted.append(new)
        used.add(new)
    assert Counter(o % rows for o in counted) == Counter(o % rows for o in range(target))


@given(seed=st.integers(0, 2**31), retests=st.integers(0, 3))
def test_retests_come_last_with_one_turn_and_change_nothing_before(seed: int, retests: int) -> None:
    without = plan_conversations(pool=4, own=2, turn_lengths=LENGTHS, seed=seed)
    plan = plan_conversations(pool=4, own=2, turn_lengths=LENGTHS, seed=seed, retests=retests)
    assert plan == without + [PlannedConversation(RETEST, 1)] * retests


def test_own_and_pool_conversations_come_in_every_order_equally_often() -> None:
    seeds = range(3000)
    places = Counter(
        [
            item.kind for item in plan_conversations(pool=2, own=1, turn_lengths=LENGTHS, seed=s)
        ].index("own")
        for s in seeds
    )
    assert all(abs(places[place] / len(seeds) - 1 / 3) < 0.04 for place in range(3))


@given(
    n=st.integers(2, 8),
    counted=st.sets(st.integers(0, 40), max_size=30),
    places=st.integers(1, 40),
)
def test_places_that_are_added_fill_the_rows_that_are_rarest(
    n: int, counted: set[int], places: int
) -> None:
    rows = len(balanced_square(n))
    new = further_ordinals(n=n, counted=counted, last=40, places=places)
    assert new == sorted(set(new))
    assert len(new) == places
    assert min(new) > 40
    before = Counter(ordinal % rows for ordinal in counted)
    after = before + Counter(ordinal % rows for ordinal in new)
    raised = [row for row in range(rows) if after[row] > before[row]]
    assert max(after[row] for row in raised) <= min(after[row] for row in range(rows)) + 1


def test_places_added_to_a_plan_continue_its_square() -> None:
    assert further_ordinals(n=4, counted=range(10), last=9, places=4) == [10, 11, 12, 13]


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1))
def test_sets_fill_at_one_pace_whatever_they_want(few: int, many: int, until: float) -> None:
    """At any moment two sets are done to the same share, but for one place of each."""
    shares = [
        sum(due(place=place, places=places) < until * WHOLE for place in range(places)) / places
        for places in (few, many)
    ]
    assert abs(shares[0] - shares[1]) <= 0.5 / few + 0.5 / many + 2 / WHOLE
    assert [due(place=0, places=1), due(place=9, places=10)] == [5_000, 9_500]


@given(st.integers(1, 40), st.integers(1, 400))
def test_places_of_a_core_lie_evenly_in_all_batches(parts: int, places: int) -> None:
    found = Counter(
        part_of(share=due(place=place, places=places), parts=parts) for place in range(places)
    )
    assert set(found) <= set(range(parts))
    assert max(found[part] for part in range(parts)) - min(
        found[part] for part in range(parts)
    ) <= (1 if places * parts < WHOLE else 2)

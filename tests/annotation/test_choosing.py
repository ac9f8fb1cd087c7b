"""The dealing rules as functions of a record: what is open goes in, one slot comes out."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.dealing.choosing import (
    ORDINAL_RULE,
    RETEST_RULE,
    RULE,
    OpenSlot,
    choose,
    choose_again,
    choose_retest,
    from_record,
    retest_record,
    sieve,
    to_record,
)


def in_order(slots: list[OpenSlot]) -> list[OpenSlot]:
    """Numbered in filling order, of one stratum, as the database gives them."""
    ranked = sorted(slots, key=lambda slot: slot.need())
    return [replace(slot, slot=number) for number, slot in enumerate(ranked)]


open_slots = st.lists(
    st.builds(
        OpenSlot,
        slot=st.just(0),
        stratum=st.just("fr"),
        batch=st.integers(0, 2),
        ordinal=st.integers(0, 3),
        topic_met=st.integers(0, 3),
        arm_met=st.integers(0, 3),
        due=st.integers(0, 3),
    ),
    min_size=1,
    max_size=16,
).map(in_order)
seeds = st.integers(0, 2**48)


@given(considered=open_slots, seed=seeds)
def test_a_later_batch_or_place_waits_until_nothing_of_an_earlier_one_is_open(
    considered: list[OpenSlot], seed: int
) -> None:
    chosen = considered[choose(considered, seed).slot]
    assert (chosen.batch, chosen.due) == min((s.batch, s.due) for s in considered)


@given(considered=open_slots, seed=seeds)
def test_among_the_neediest_the_topic_and_then_the_arm_met_least_is_given(
    considered: list[OpenSlot], seed: int
) -> None:
    chosen = considered[choose(considered, seed).slot]
    equally_needy = [s for s in considered if s.need() == chosen.need()]
    assert (chosen.topic_met, chosen.arm_met) == min(
        (s.topic_met, s.arm_met) for s in equally_needy
    )


@given(considered=open_slots, seed=seeds)
def test_a_stored_record_gives_the_same_slot_with_the_same_probability(
    considered: list[OpenSlot], seed: int
) -> None:
    record = to_record(considered)
    assert from_record(record) == considered
    assert choose_again(RULE, record, seed) == choose(considered, seed)


@given(considered=open_slots, seed=seeds)
def test_a_record_of_the_first_rule_is_chosen_from_by_ordinal(
    considered: list[OpenSlot], seed: int
) -> None:
    old = in_order([replace(item, due=None) for item in considered])
    record = [{key: item[key] for key in item if key != "due"} for item in to_record(old)]
    chosen = old[choose_again(ORDINAL_RULE, record, seed).slot]
    assert (chosen.batch, chosen.ordinal) == min((s.batch, s.ordinal) for s in old)


def test_each_slot_is_drawn_as_often_as_its_probability_says() -> None:
    considered = in_order([OpenSlot(0, "", 0, 0, 1, arm) for arm in (0, 0, 0, 0, 1)])
    draws = Counter(choose(considered, seed).slot for seed in range(4000))
    assert set(draws) == {0, 1, 2, 3} == {item.slot for item in sieve(considered).equal}
    assert choose(considered, 1).probability == 1 / 4
    assert all(abs(count / 4000 - 1 / 4) < 0.03 for count in draws.values())


@given(judged=st.lists(st.integers(), min_size=1, max_size=20, unique=True), seed=seeds)
def test_a_retest_is_one_of_the_older_half(judged: list[int], seed: int) -> None:
    choice = choose_retest(judged, seed)
    assert judged.index(choice.slot) * 2 <= len(judged)
    assert choice == choose_again(RETEST_RULE, retest_record(judged), seed)


def test_a_rule_that_nobody_knows_chooses_nothing() -> None:
    with pytest.raises(ValueError, match="no dealing rule 99"):
        choose_again(99, [], 1)


@given(
    prompts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=4, max_size=40),
    seed=seeds,
)
def test_over_one_persons_deals_topics_and_arms_stay_balanced_within_what_is_open(
    prompts: list[tuple[int, int]], seed: int
) -> None:
    """A prompt has one topic and its set one arm; all are equally needy. No topic is given
    again while one that she has met less is open, and no arm within that topic level."""
    left = dict(enumerate(prompts))
    topics: Counter[int] = Counter()
    arms: Counter[int] = Counter()
    while left:
        considered = [
            OpenSlot(slot, "", 0, 0, topics[topic], arms[arm])
            for slot, (topic, arm) in left.items()
        ]
        topic, arm = left.pop(choose(considered, seed + len(left)).slot)
        assert all(topics[topic] <= topics[other] for other, _arm in left.values())
        assert all(
            arms[arm] <= arms[other]
            for its_topic, other in left.values()
            if topics[its_topic] == topics[topic]
        )
        topics[topic] += 1
        arms[arm] += 1

"""Rare events are told under a vendor's ids together and late, each of them once and for good."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from exports.vendors.telling import (
    LONGEST,
    NOTHING_YET,
    TOGETHER,
    WEEK,
    Event,
    last_told,
    next_monday,
    told_before,
)

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def at(days: float) -> datetime:
    return MONDAY + days * DAY


def test_enough_people_of_a_week_are_told_on_the_monday_after_it() -> None:
    events = [(at(1 + number), 1 + number) for number in range(TOGETHER)]
    assert told_before(events, at(6.9)) == NOTHING_YET
    assert told_before(events, at(7)) == at(7)
    assert told_before(events, at(400)) == at(7)


def test_too_few_wait_for_others_and_are_told_with_them() -> None:
    few = [(at(1 + number), 1 + number) for number in range(TOGETHER - 1)]
    assert told_before(few, at(7)) == NOTHING_YET
    assert told_before([*few, (at(9), TOGETHER)], at(13.9)) == NOTHING_YET
    assert told_before([*few, (at(9), TOGETHER)], at(14)) == at(14)


def test_one_person_alone_is_told_in_the_end() -> None:
    assert told_before([(at(1), 1)], at(28)) == NOTHING_YET
    assert told_before([(at(1), 1)], at(35)) == at(35)


def test_one_person_is_one_however_often_it_happens_to_her() -> None:
    events = [(at(number / 10), 1) for number in range(TOGETHER)]
    assert told_before(events, at(7)) == NOTHING_YET


def test_an_event_on_the_stroke_of_monday_belongs_to_the_week_that_begins() -> None:
    assert next_monday(MONDAY) == MONDAY + WEEK
    assert next_monday(MONDAY - timedelta.resolution) == MONDAY


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_stays_told_and_nobody_waits_longer_than_promised(seed: int) -> None:
    rng = random.Random(seed)
    events = [(at(rng.uniform(0, 200)), 1 + number) for number in range(rng.randint(1, 60))]
    told_last, news = NOTHING_YET, []
    for day in range(250):
        now = at(day + 0.5)
        known = [event for event in events if event[0] <= now]
        told = told_before(known, now)
        assert told >= told_last
        assert all(when < told for when, _who in known if now - when > LONGEST + WEEK)
        if told > told_last:
            news.append((told, [when for when, _who in events if told_last <= when < told]))
        told_last = told
    assert sum(len(batch) for _told, batch in news) == len(events)
    for told, batch in news:
        assert len(batch) >= TOGETHER or told - min(batch) >= LONGEST


@pytest.mark.parametrize("seed", range(40))
def test_what_happened_lately_tells_what_everything_would(seed: int) -> None:
    """With many people a week and with few, some of them often, some of whom nothing leaves."""
    rng = random.Random(seed)
    number = rng.choice([10, 60, 200, 600])
    events = sorted((at(rng.uniform(0, 300)), rng.randint(0, number)) for _n in range(number))
    for day in range(320):
        now = at(day + rng.random())
        known = [event for event in events if event[0] <= now]
        assert last_told(reader(known), now) == told_before(known, now)


def test_what_lies_far_back_is_read_only_where_few_leave() -> None:
    asked: list[datetime] = []
    many = [(at(day + person / 10), 1 + person) for day in range(0, 700, 7) for person in range(5)]
    assert last_told(reader(many, asked), at(700)) == at(700)
    assert len(asked) == 1 and asked[0] > at(600)
    assert last_told(reader(many[::5], asked), at(700)) == told_before(many[::5], at(700))
    assert asked[-1] == NOTHING_YET


def reader(
    events: list[Event], asked: list[datetime] | None = None
) -> Callable[[datetime], list[Event]]:
    """Yields the events since a moment, and notes which moment that was."""

    def read(since: datetime) -> list[Event]:
        if asked is not None:
            asked.append(since)
        return [event for event in events if event[0] >= since]

    return read

"""The planted people: always the same, as the table says, and ranking as the model says."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from annotation.review import signals
from insights.statistics import preference
from rehearsal import truth as planted
from rehearsal.draws import AT_RANDOM, HONEST, draw_rankings
from rehearsal.truth import AGE_BANDS, CARELESS_EVERY, LOCALES, POLES, Truth, age_band

PEOPLE = 960


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth.from_seed(7)


def test_a_seed_is_always_the_same_people_and_another_seed_is_others(truth: Truth) -> None:
    again, other = Truth.from_seed(7), Truth.from_seed(8)
    assert again == truth
    assert [again.person(i) for i in (40, 3)] == [truth.person(40), truth.person(3)]
    assert other.person(3) != truth.person(3)
    assert other.countries != truth.countries


def test_a_ranking_depends_on_who_judges_what_and_on_nothing_before(truth: Truth) -> None:
    shown = ["survival", "", "traditional", "self_expression"]
    first = truth.rank(truth.person(5), shown, "set 9")
    truth.rank(truth.person(6), shown, "set 9")
    assert truth.rank(truth.person(5), shown, "set 9") == first
    other = [truth.rank(truth.person(5), shown, f"set {number}").ranks for number in range(30)]
    assert len(set(other)) > 3


def test_people_are_spread_over_locales_and_follow_the_table(truth: Truth) -> None:
    people = [truth.person(index) for index in range(PEOPLE)]
    per_locale = Counter((person.country, person.language) for person in people)
    assert set(per_locale) == set(LOCALES)
    assert set(per_locale.values()) == {PEOPLE // 6}
    genders = Counter(person.gender for person in people)
    for code, share in planted.shares("gender").items():
        assert genders[code] / PEOPLE == pytest.approx(share, abs=0.05)
    bands = Counter(person.age_band for person in people)
    for band, share in planted.shares("age").items():
        assert bands[band] / PEOPLE == pytest.approx(share, abs=0.05)


def test_the_bands_hold_every_age_and_no_other() -> None:
    assert [age_band(age) for age in (17, 18, 34, 35, 55, 80, 81, None)] == [
        "", AGE_BANDS[0], AGE_BANDS[0], AGE_BANDS[1], AGE_BANDS[2], AGE_BANDS[2], "", "",
    ]  # fmt: skip


def test_exactly_one_in_sixteen_is_careless_and_works_to_the_end(truth: Truth) -> None:
    people = [truth.person(index) for index in range(PEOPLE)]
    careless = [person for person in people if person.is_careless]
    assert len(careless) == PEOPLE // CARELESS_EVERY
    assert truth.careless(PEOPLE).tolist() == [person.careless for person in people]
    assert all(person.leaves_after is None and person.skips_at is None for person in careless)
    assert {person.careless == AT_RANDOM for person in careless} == {True, False}


def test_every_behaviour_is_somebodys_and_none_is_most_peoples(truth: Truth) -> None:
    people = [truth.person(index) for index in range(PEOPLE)]
    for acts in (
        [person.leaves_after is not None for person in people],
        [person.idles_at is not None for person in people],
        [person.skips_at is not None for person in people],
        [person.double_clicks for person in people],
        [person.changes_device for person in people],
        [person.two_tabs for person in people],
    ):
        assert 0.02 < np.mean(acts) < 0.2


def test_the_products_own_speed_signal_sees_the_careless_and_nobody_else(truth: Truth) -> None:
    """Four turns each; the norm is what the others took, as in annotation/review/norms.py."""
    shown = ["survival", "", "traditional", "self_expression"]
    turns = {
        index: [
            signals.JudgedTurn(
                index, "en", 2000, 40 * truth.rank(truth.person(index), shown, turn).time
            )
            for turn in range(signals.SPEED_TURNS)
        ]
        for index in range(320)
    }
    norm = signals.norm_of("en", [turn for own in turns.values() for turn in own])
    noticed = {index for index, own in turns.items() if signals.speed(own, {"en": norm})}
    assert noticed == {index for index in range(320) if truth.person(index).is_careless}


def test_always_the_same_place_is_seen_by_the_position_signal_from_twelve_turns(
    truth: Truth,
) -> None:
    person = next(
        one for one in map(truth.person, range(PEOPLE)) if one.careless not in (HONEST, AT_RANDOM)
    )
    shown = ["survival", "", "traditional", "self_expression"]
    chosen = [truth.rank(person, shown, turn).chosen for turn in range(signals.POSITION_TURNS)]
    assert set(chosen) == {person.careless}
    assert signals.position([(place, 4) for place in chosen])
    assert truth.rank(person, shown[:2], "a pair").chosen == min(person.careless, 1)


def test_without_ties_two_utilities_are_told_apart_as_the_logistic_curve_says() -> None:
    utilities = np.tile([1.0, 0.0], (40_000, 1))
    honest = np.full(40_000, HONEST)
    ranks, chosen = draw_rankings(utilities, honest, 0.0, np.random.default_rng(1))
    assert (chosen == 0).mean() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)
    assert set(map(tuple, ranks.tolist())) == {(1, 2), (2, 1)}


def test_ties_are_neighbours_and_as_frequent_as_planted() -> None:
    utilities = np.where(np.arange(4) < 3, 0.0, -np.inf) + np.zeros((30_000, 1))
    honest = np.full(30_000, HONEST)
    ranks, chosen = draw_rankings(utilities, honest, 0.2, np.random.default_rng(2))
    found = Counter(tuple(sorted(row)) for row in ranks.tolist())
    assert set(found) == {(0, 1, 2, 3), (0, 1, 1, 3), (0, 1, 2, 2)}
    assert found[0, 1, 1, 3] / 30_000 == pytest.approx(0.1, abs=0.01)
    assert found[0, 1, 2, 2] / 30_000 == pytest.approx(0.1, abs=0.01)
    assert (ranks[np.arange(30_000), chosen] == 1).all()


def test_the_first_places_are_favoured_and_one_country_likes_what_another_does_not(
    truth: Truth,
) -> None:
    bonus = truth.bonus(4)
    assert (np.diff(bonus) < 0).all()
    liked = {
        country: int(np.argmax(truth.liking(country, "", "") - truth.liking("", "", "")))
        for country in truth.countries
    }
    assert sorted(liked.values()) == list(range(len(POLES)))


def test_stronger_planting_moves_mean_ranks_further() -> None:
    def lead(strength: float) -> float:
        truth = replace(Truth.from_seed(1, strength=strength), tie_share=0.0)
        liking = np.tile(truth.liking("FR", "", "") - np.array(truth.poles), (20_000, 1))
        careless = np.full(20_000, HONEST)
        ranks = draw_rankings(liking, careless, 0.0, np.random.default_rng(3))[0]
        places = preference.midranks(ranks, np.ones(ranks.shape, dtype=bool)).mean(axis=0)
        return float(places.max() - places.min())

    assert lead(0.0) < 0.05 < lead(0.5) < lead(1.0)

from hypothesis import given
from hypothesis import strategies as st

from annotation.judgement.ranks import first_places, to_competition_ranks

PLACES = st.dictionaries(st.text(max_size=3), st.integers(1, 6), min_size=1, max_size=8)


def test_ties_leave_gaps_behind_them() -> None:
    assert to_competition_ranks({"a": 1, "b": 2, "c": 2, "d": 4}) == {
        "a": 1, "b": 2, "c": 2, "d": 4,
    }  # fmt: skip
    assert to_competition_ranks({"a": 2, "b": 2, "c": 3}) == {"a": 1, "b": 1, "c": 3}


@given(places=PLACES)
def test_ranks_keep_the_order_and_start_at_one(places: dict[str, int]) -> None:
    ranks = to_competition_ranks(places)
    assert min(ranks.values()) == 1
    for one, place in places.items():
        for other, elsewhere in places.items():
            assert (place < elsewhere) == (ranks[one] < ranks[other])


@given(places=PLACES)
def test_first_places_are_those_of_rank_one(places: dict[str, int]) -> None:
    ranks = to_competition_ranks(places)
    assert sorted(first_places(ranks)) == sorted(key for key, rank in ranks.items() if rank == 1)


def test_nothing_ranked_has_no_first_place() -> None:
    assert first_places({}) == []

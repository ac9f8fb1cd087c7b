"""What a ranking is: pure functions over ranks, 1 = best, equal = tie, None = unranked."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key")


def to_competition_ranks(places: Mapping[Key, int]) -> dict[Key, int]:
    """Any numbering of places as standard competition ranks: 1, 1, 2, 3 becomes 1, 1, 3, 4.

    A candidate's rank is one more than the number of candidates placed before it.
    """
    return {
        key: 1 + sum(other < place for other in places.values()) for key, place in places.items()
    }


def first_places(ranks: Mapping[Key, int]) -> list[Key]:
    """The candidates that share the best rank; empty where nothing is ranked."""
    best = min(ranks.values(), default=None)
    return [key for key, rank in ranks.items() if rank == best]

"""What is published of locales that a release leaves out: that they are small, and no number."""

from collections.abc import Mapping, Sequence
from typing import Any

TELLING = ("people", "k_before", "below_k", "left_out")  # counts that tell a locale's size


def without_sizes(places: Sequence[Mapping[str, Any]], k: int) -> dict[str, Any]:
    """`places`, `left_out` and `omission` of a report, with "fewer than k" where a number would
    be the size of a locale that is left out."""
    few = f"fewer than {k}"
    gone = [place["place"] for place in places if place["left_out"]]
    return {
        "places": [
            {**place, **dict.fromkeys(TELLING if place["left_out"] else (), few)}
            for place in places
        ],
        "left_out": ", ".join(f"{few} ({name})" for name in gone),
        "omission": f"Nobody of {', '.join(gone)} is in it: {few} finished a conversation there.",
    }

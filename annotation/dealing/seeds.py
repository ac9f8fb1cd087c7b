"""Who gets what, and in which order: pure functions of seeds.

Python's `random.Random(seed)` with `shuffle` is used throughout: seeds and results
are stored, so a later change of the generator cannot change a study in the field.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SEED_BITS = 48
WHOLE = 10_000  # what shares of a set's places are counted in
RETEST = "retest"  # planned: a pool conversation about a set that she has judged


@dataclass(frozen=True)
class PlannedConversation:
    kind: str  # "pool", "own" or RETEST
    turns: int


def derive_seed(*parts: object) -> int:
    """A seed from names and numbers: the first 48 bits of their SHA-256."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[: SEED_BITS // 8])


def falls_in_share(share: float, *parts: object) -> bool:
    """Whether the one named by these parts is among a random share of all: always the same."""
    return derive_seed(*parts) < share * 2.0**SEED_BITS


def plan_conversations(
    *, pool: int, own: int, turn_lengths: Mapping[str, int], seed: int, retests: int = 0
) -> list[PlannedConversation]:
    """A person's conversations in her order: kinds shuffled, lengths in shuffled blocks.

    A block holds each length as often as its weight says, so that lengths are balanced
    over any run of conversations and right in expectation for the first ones. Re-tests
    come last, and have the one turn that can be compared.
    """
    draw = random.Random(seed)
    kinds = ["pool"] * pool + ["own"] * own
    draw.shuffle(kinds)
    lengths: list[int] = []
    while len(lengths) < len(kinds):
        block = [int(turns) for turns, weight in turn_lengths.items() for _ in range(weight)]
        draw.shuffle(block)
        lengths += block
    dealt = [PlannedConversation(kind, turns) for kind, turns in zip(kinds, lengths, strict=False)]
    return dealt + [PlannedConversation(RETEST, 1)] * retests


def balanced_square(n: int) -> list[list[int]]:
    """Rows of orders in which every item stands equally often in every place, and (over
    the rows returned) equally often directly before every other.

    A Williams design (Williams, 1949): n rows for even n, 2n rows for odd n.
    """
    first = [0]
    for step in range(1, n):
        first.append((step + 1) // 2 if step % 2 else n - step // 2)
    rows = [[(item + shift) % n for item in first] for shift in range(n)]
    return rows if n % 2 == 0 else rows + [row[::-1] for row in rows]


def pool_order(*, n: int, seed: int, ordinal: int) -> list[int]:
    """The order shown for a slot: row `ordinal` of a square whose items the seed names.

    Returns for each place on the page the candidate's position in its set.
    """
    names = list(range(n))
    random.Random(seed).shuffle(names)
    square = balanced_square(n)
    return [names[item] for item in square[ordinal % len(square)]]


def retest_order(*, n: int, seed: int, ordinal: int, retest_seed: int) -> list[int]:
    """The order of a slot's set when she meets it again: every candidate in another place.

    Another row of the same square, or of the same half where it has two: in these no item
    stands twice in one place.
    """
    half = ordinal % len(balanced_square(n)) // n * n
    shift = random.Random(retest_seed).randrange(1, max(2, n))
    return pool_order(n=n, seed=seed, ordinal=half + (ordinal + shift) % n)


def next_ordinal(*, n: int, ordinal: int, last: int) -> int:
    """The ordinal of a place that replaces a void one: beyond the last, in the same row.

    Its person sees the order that the void judgement was made in, so that the judgements
    that count stay as balanced over the square as they were planned.
    """
    rows = len(balanced_square(n))
    return last + 1 + (ordinal - last - 1) % rows


def same_row(*, n: int, one: int, other: int) -> bool:
    """Whether two places of a set show its responses in the same order."""
    rows = len(balanced_square(n))
    return one % rows == other % rows


def further_ordinals(*, n: int, counted: Iterable[int], last: int, places: int) -> list[int]:
    """Ordinals beyond the last for places that are added to a set: in the rows of the square
    that are rarest among the places that count, so that these stay balanced."""
    rows = len(balanced_square(n))
    used = Counter(ordinal % rows for ordinal in counted)
    ordinals: list[int] = []
    for _place in range(places):
        last = min(range(last + 1, last + 1 + rows), key=lambda ordinal: used[ordinal % rows])
        used[last % rows] += 1
        ordinals.append(last)
    return ordinals


def due(*, place: int, places: int) -> int:
    """When a place is filled: in the middle of its part of the whole, in ten-thousandths.

    place: the how-manieth of its set, from 0. Sets that want many people and sets that want
    few so fill at one pace, each by the same share at any time. Were they filled by number,
    those that want most would be open alone at the end, and nobody meets a prompt twice.
    """
    return (2 * place + 1) * WHOLE // (2 * places)


def part_of(*, share: int, parts: int) -> int:
    """Which of so many equal parts of the whole a share of it, as of `due`, falls into."""
    return min(parts - 1, share * parts // WHOLE)


def live_order(*, n: int, seed: int) -> list[int]:
    """A random order for a set that only one person sees."""
    order = list(range(n))
    random.Random(seed).shuffle(order)
    return order

"""Means with their intervals, from prompts drawn again.

An interval is a percentile bootstrap (Efron & Tibshirani, 1993) that draws whole prompts,
with all their languages and samplers: what the same question got is not independent
(Cameron, Gelbach & Miller, 2008).
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from math import floor
from typing import Any

DRAWS = 1000
SEED = 20_250_709
LEVEL = 0.95
Values = Mapping[str, Sequence[float]]  # by prompt


class Resampling:
    """The same draws of prompts for every figure, so that figures can be compared."""

    def __init__(self, prompts: Iterable[str], *, draws: int = DRAWS, seed: int = SEED):
        self.prompts = sorted(set(prompts))
        self.draws = draws
        chance = random.Random(seed)
        places = list(range(len(self.prompts)))
        self.picks = [chance.choices(places, k=len(places)) for _draw in range(draws)]
        self.chance = random.Random(seed + 1)

    def mean(self, values: Values) -> dict[str, Any]:
        """A mean with its interval; None where there is nothing to take it of."""
        sums = [float(sum(values.get(prompt, ()))) for prompt in self.prompts]
        counts = [len(values.get(prompt, ())) for prompt in self.prompts]
        means = []
        for pick in self.picks:
            count = sum(map(counts.__getitem__, pick))
            if count:
                means.append(sum(map(sums.__getitem__, pick)) / count)
        n = sum(counts)
        return self.figure(sum(sums) / n if n else None, means, counts)

    def figure(
        self, value: float | None, draws: Sequence[float], counts: Sequence[int]
    ) -> dict[str, Any]:
        """Without two prompts there is no interval: nothing says how prompts differ."""
        prompts = sum(1 for count in counts if count)
        known = value is not None and prompts > 1 and len(draws) > self.draws / 2
        return {
            "value": value,
            "low": quantile(draws, (1 - LEVEL) / 2) if known else None,
            "high": quantile(draws, (1 + LEVEL) / 2) if known else None,
            "n": sum(counts),
            "prompts": prompts,
        }


def quantile(values: Sequence[float], share: float) -> float:
    """Between the two nearest values, by how near they are."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])

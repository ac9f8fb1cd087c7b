"""How spread choices are: entropy in bits, corrected for how few people chose.

The entropy of the observed shares is too low: of a truth of 2.00 bits, 1.46 are seen at 5
people and 1.75 at 10. Chao and Shen (2003), Environmental and Ecological Statistics 10,
429-443, correct it by the sample's coverage. What bias is left depends on the number of
people, so that sets are compared at one common number m (rarefaction).
"""

from dataclasses import dataclass

import numpy as np

from insights.statistics.arrays import Bools, Floats, Ints
from insights.statistics.intervals import Estimates, jackknife, totals

DRAWS = 20


def chao_shen(counts: Floats) -> Floats:
    """Entropy in bits from counts (..., k) of choices; nan where nobody chose.

    Coverage is 1 - f / n with f candidates that were chosen once, of n choices (where all
    were: 1 - (n - 1) / n). Each observed share, times the coverage, is weighed by the
    inverse of the probability that such a candidate is observed at all (Horvitz-Thompson).
    """
    n = counts.sum(axis=-1, keepdims=True)
    single = (counts == 1).sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = 1 - np.where(single == n, np.maximum(n - 1, 0), single) / n
        share = coverage * counts / n
        seen = 1 - (1 - share) ** n
        terms = np.where(counts > 0, -share * np.log2(share) / seen, 0.0)
    return np.asarray(np.where(n[..., 0] > 0, np.nan_to_num(terms).sum(axis=-1), np.nan))


def common_number(sets: Ints, *, share: float = 0.9, least: int = 5) -> int:
    """The largest number of people that a share of the sets has at least; 0: below `least`."""
    sizes = np.bincount(sets)
    sizes = np.sort(sizes[sizes > 1])[::-1]
    if not sizes.size:
        return 0
    number = int(sizes[int(np.ceil(share * sizes.size)) - 1])
    return number if number >= least else 0


def rarefied(
    chosen: Ints, sets: Ints, people: Ints, parts: Ints, *, number: int, width: int, seed: int
) -> Estimates:
    """Mean entropy in bits of the sets of each part, at `number` people each, (parts,).

    chosen, sets, people: (n,) as for `agreement.choices`; parts: (sets,) from 0, -1 for none;
    width: candidates of a set. Sets of fewer people are left out. Of larger ones `number`
    people are drawn by lot, some times over, and the mean is taken. Error: the jackknife over
    people; where somebody is left out, the next by lot takes her place.
    """
    rng, found = np.random.default_rng(seed), []
    for _draw in range(DRAWS):
        order = np.lexsort((rng.random(sets.size), sets))
        drawn = _Drawn(chosen[order], sets[order], people[order], parts, number, width)
        found.append(drawn.figure())
    value = np.mean([one[0] for one in found], axis=0)
    without = np.mean([one[1] for one in found], axis=0)
    return jackknife(value, without, found[0][2])


@dataclass(frozen=True)
class _Drawn:
    """Judgements sorted by set, and within it by lot: the first `number` of each are drawn."""

    chosen: Ints
    sets: Ints
    people: Ints
    parts: Ints
    number: int
    width: int

    def figure(self) -> tuple[Floats, Floats, Bools]:
        """The figure (parts,), without each person (people, parts), and who takes part."""
        sizes = np.bincount(self.sets, minlength=self.parts.size)
        starts = np.cumsum(sizes) - sizes
        place = np.arange(self.sets.size) - starts[self.sets]
        used = (sizes >= self.number) & (self.parts >= 0)
        drawn = np.flatnonzero((place < self.number) & used[self.sets])
        own = self.sets[drawn]
        counts = np.zeros((self.parts.size, self.width))
        np.add.at(counts, (own, self.chosen[drawn]), 1)
        values = np.where(used, chao_shen(counts), np.nan)
        following = sizes[own] > self.number
        next_one = np.minimum(starts[own] + self.number, self.sets.size - 1)
        fewer, rows = counts[own], np.arange(drawn.size)
        fewer[rows, self.chosen[drawn]] -= 1
        fewer[rows, self.chosen[next_one]] += following
        change = chao_shen(fewer) - values[own]
        count, number = int(self.parts.max(initial=-1)) + 1, int(self.people.max(initial=-1)) + 1
        bottom = np.bincount(self.parts[used], minlength=count)
        top = np.bincount(self.parts[used], values[used], minlength=count)
        size = {"number": number, "count": count}
        shift = totals(self.people[drawn], self.parts[own], change, **size)
        part_of = np.where(used[self.sets], self.parts[self.sets], -1)
        part = totals(self.people, part_of, np.ones(part_of.size), **size) > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            return top / bottom, (top + shift) / bottom, part

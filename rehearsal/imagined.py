"""A study dealt and judged in memory: what the checks and the power of a plan are tried on.

It stands beside the real dealing, shares only the balanced square with it, and knows
nothing of leases. Use it to try a plan of thousands of people in seconds.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from annotation.dealing.seeds import derive_seed, pool_order
from rehearsal.table import Judgement, Table
from rehearsal.truth import POLES, SimulatedPerson, Truth


@dataclass(frozen=True)
class Design:
    """A plan in numbers. A set's candidates: three of the four poles, and the default one."""

    people: int = 500
    prompts: int = 12
    arms: int = 1
    # The wanted people per set and locale; None: as many as the people fill.
    target: int | None = None
    least: int = 4
    most: int = 10


def imagine(truth: Truth, design: Design) -> Table:
    """All first turns that the people of a truth judge under a design, neediest sets first."""
    rng = np.random.default_rng(derive_seed(truth.seed, "imagined"))
    filled: Counter[int] = Counter()
    rows: list[Judgement] = []
    people = [truth.person(index) for index in range(design.people)]
    for place in rng.permutation(design.people):
        person = people[place]
        wanted = int(rng.integers(design.least, design.most + 1))
        if person.leaves_after is not None:
            wanted = min(wanted, person.leaves_after)
        number = truth.locales.index((person.country, person.language))
        for prompt in _neediest(number, filled, design, rng)[:wanted]:
            arm = int(rng.integers(design.arms))
            judged_set = (number * design.prompts + int(prompt)) * design.arms + arm
            rows.append(_judge(truth, person, int(prompt), judged_set, filled[judged_set]))
            filled[judged_set] += 1
    return Table.of(rows)


def set_poles(seed: int, judged_set: int) -> list[str]:
    """The poles of a set, by position: three of four, and the default one last."""
    rng = np.random.default_rng(derive_seed(seed, "set", judged_set))
    return [POLES[index] for index in rng.permutation(4)[:3]] + [""]


def _neediest(
    number: int, filled: Counter[int], design: Design, rng: np.random.Generator
) -> list[int]:
    """The prompts that a locale still wants, those with fewest judgements first."""
    first = number * design.prompts * design.arms
    have = [
        sum(filled[first + prompt * design.arms + arm] for arm in range(design.arms))
        for prompt in range(design.prompts)
    ]
    limit = design.target * design.arms if design.target else None
    order = np.lexsort((rng.random(design.prompts), np.array(have)))
    return [int(prompt) for prompt in order if limit is None or have[prompt] < limit]


def _judge(
    truth: Truth, person: SimulatedPerson, prompt: int, judged_set: int, ordinal: int
) -> Judgement:
    poles = set_poles(truth.seed, judged_set)
    seed = derive_seed(truth.seed, "order", judged_set)
    order = pool_order(n=len(poles), seed=seed, ordinal=ordinal)
    shown = [poles[position] for position in order]
    ranked = truth.rank(person, shown, f"set {judged_set}")
    return Judgement(
        person=person.index,
        prompt=prompt,
        judged_set=judged_set,
        locale=f"{person.country}-{person.language}",
        country=person.country,
        gender=person.gender,
        age_band=person.age_band,
        poles=shown,
        order=order,
        ranks=ranked.ranks,
        chosen=ranked.chosen,
        ordinal=ordinal,
    )

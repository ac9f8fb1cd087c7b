"""What a plan can show, and what its people cost.

Plain arithmetic before anybody is invited. Powers are exact sums over binomial
distributions, not approximations: with ten people those are wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Tier:
    """Prompts that are planned alike: such as a core with large targets, and a tail."""

    name: str
    prompts: int
    target: int  # distinct people per set and locale
    arms: int = 1  # sets per prompt


@dataclass(frozen=True)
class PlannedLocale:
    """One locale: people expected, and what each is paid."""

    people: int
    pay: float = 0.0
    currency: str = ""


@dataclass(frozen=True)
class Plan:
    """What each person does: first turns of pool conversations fill places, nothing else."""

    locales: Sequence[PlannedLocale]
    tiers: Sequence[Tier]
    pool_conversations: float
    own_conversations: float = 0.0
    minutes_a_conversation: float = 8.0
    # The share of a person's leaning in a choice: the correlation of two of her judgements.
    correlation: float = 0.1


@dataclass(frozen=True)
class Precision:
    """What the prompts of a tier can carry in one country, and between two."""

    tier: str
    people: int
    half_width: float
    power: float
    words: str


@dataclass(frozen=True)
class Bill:
    """Hours of people's time in all, and pay by currency."""

    hours: float
    pay: Mapping[str, float]
    words: str


def power_between(
    first: float, second: float, people: int, *, others: int | None = None, level: float = 0.05
) -> float:
    """Chance that Pearson's chi-squared test (two-sided, uncorrected) tells two shares apart.

    people and others: distinct people in the two countries; others defaults to as many.
    Exact: summed over every outcome of the two binomials.
    """
    n, m = people, people if others is None else others
    one, two = np.arange(n + 1)[:, None], np.arange(m + 1)[None, :]
    pooled = (one + two) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    apart = np.abs(one / n - two / m) > stats.norm.ppf(1 - level / 2) * error
    chances = stats.binom.pmf(one, n, first) * stats.binom.pmf(two, m, second)
    return float((chances * apart).sum())


def share_half_width(share: float, people: int, *, level: float = 0.95) -> float:
    """Half of Wilson's interval (1927) of a share among so many distinct people."""
    z = stats.norm.ppf(0.5 + level / 2)
    root = sqrt(share * (1 - share) / people + z**2 / (4 * people**2))
    return float(z * root / (1 + z**2 / people))


def design_effect(judgements_each: float, correlation: float) -> float:
    """How much wider a variance is because people judge several sets (Kish, 1965):
    1 + (judgements of each - 1) times the correlation of two of one person's."""
    return 1 + (max(judgements_each, 1) - 1) * correlation


def precision(plan: Plan, *, shares: tuple[float, float] = (0.4, 0.2)) -> list[Precision]:
    """For each tier: interval of one prompt's share in one country, power between two."""
    found = []
    for tier in plan.tiers:
        half = share_half_width(shares[0], tier.target)
        power = power_between(*shares, tier.target)
        words = (
            f"{tier.name}: with {tier.target} people a set, a share of {shares[0]:.0%} is known "
            f"within ± {100 * half:.0f} points; {shares[0]:.0%} in one country and "
            f"{shares[1]:.0%} in another are told apart with probability {power:.0%}."
        )
        if power < 0.8:
            words += " Say nothing about single prompts of this tier, and rank none."
        found.append(Precision(tier.name, tier.target, half, power, words))
    return found


def bill(plan: Plan) -> Bill:
    """Hours and pay, if everybody who is planned comes and finishes."""
    minutes = (plan.pool_conversations + plan.own_conversations) * plan.minutes_a_conversation
    pay: dict[str, float] = {}
    for locale in plan.locales:
        pay[locale.currency] = pay.get(locale.currency, 0.0) + locale.people * locale.pay
    hours = sum(locale.people for locale in plan.locales) * minutes / 60
    money = ", ".join(f"{amount:,.0f} {currency}".strip() for currency, amount in pay.items())
    words = f"About {minutes:.0f} minutes a person, {hours:,.0f} hours in all; pay: {money}."
    return Bill(hours, pay, words)

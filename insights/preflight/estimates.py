"""What a study will cost and take: the provider, people's pay, days in the field.

Every figure is an expectation under what is said beside it; none is a promise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, inf

from django.db.models import Count, Q, Sum

from annotation.models import Study
from annotation.readiness.set_counts import count_sets
from candidates.budgets import MILLION
from candidates.models import Generation, Sampler
from insights.preflight.planned import LocaleWork, effort_of

# Assumed of a set nobody has made yet: what is sent, and tokens that a word takes.
TOKENS_SENT = 600
TOKENS_A_WORD = 1.6
SURE = 0.9


@dataclass(frozen=True)
class SetPrice:
    """What one set of a sampler costs. `seen`: sets that the mean is of; 0: assumed."""

    sampler: Sampler
    tokens_sent: float
    tokens_answered: float
    seen: int

    @property
    def cost(self) -> Decimal:
        endpoint = self.sampler.endpoint
        sent = Decimal(str(self.tokens_sent)) * endpoint.price_prompt
        answered = Decimal(str(self.tokens_answered)) * endpoint.price_completion
        return (sent + answered) / MILLION


def price_of_set(sampler: Sampler) -> SetPrice:
    """The mean tokens of its sets so far, refused attempts included; else assumed from the
    sampler's word budget."""
    calls = Generation.objects.filter(
        Q(candidate_set__sampler=sampler) | Q(candidate_set__refused_for__sampler=sampler),
        prompt_tokens__isnull=False,
    )
    sums = calls.aggregate(
        sent=Sum("prompt_tokens"),
        answered=Sum("completion_tokens"),
        sets=Count("candidate_set", distinct=True, filter=Q(candidate_set__refused_for=None)),
    )
    if sums["sets"]:
        sets = sums["sets"]
        return SetPrice(sampler, (sums["sent"] or 0) / sets, (sums["answered"] or 0) / sets, sets)
    words = sampler.n * (sampler.words_min + sampler.words_max) / 2
    return SetPrice(sampler, TOKENS_SENT, words * TOKENS_A_WORD, 0)


@dataclass(frozen=True)
class ProviderCost:
    """One line of the provider's bill."""

    what: str  # "pool" or "live"
    price: SetPrice
    sets: int

    @property
    def cost(self) -> Decimal:
        return self.price.cost * self.sets


def provider_costs(study: Study, work: Iterable[LocaleWork]) -> list[ProviderCost]:
    """Pool sets that are not ready yet, by arm, and the sets made while people are there."""
    lacking: dict[str, int] = {}
    for one in count_sets(study) if study.pool_conversations else []:
        lacking[one.arm] = lacking.get(one.arm, 0) + one.wanted - one.ready
    costs = [
        ProviderCost("pool", price_of_set(arm), lacking[str(arm)])
        for arm in study.arms()
        if lacking.get(str(arm))
    ]
    people = sum(one.people for one in work)
    live = ceil(people * effort_of(study).live_sets)
    if live:
        costs.append(ProviderCost("live", price_of_set(study.live_sampler), live))
    return costs


def pay_by_currency(work: Iterable[LocaleWork]) -> Mapping[str, Decimal]:
    """Pay of everybody who is planned and finishes; locales without a stated pay are left out."""
    found: dict[str, Decimal] = {}
    for one in work:
        if one.locale.pay is not None:
            currency = one.locale.currency
            found[currency] = found.get(currency, Decimal(0)) + one.locale.pay * one.people
    return found


@dataclass(frozen=True)
class Duration:
    """Days until so many people have come: expected, and between which it lies 9 times of 10."""

    days: float
    earliest: float
    latest: float


def duration(people: int, people_a_day: float) -> Duration | None:
    """If people come at random, at this steady rate, the day of the last one has a gamma
    distribution: the sum of so many waits. None: nobody comes."""
    from scipy.stats import gamma  # half a second that no annotator's page waits for

    if people_a_day <= 0:
        return None
    if not people:
        return Duration(0.0, 0.0, 0.0)
    tail = (1 - SURE) / 2
    low, high = gamma.ppf([tail, 1 - tail], people, scale=1 / people_a_day)
    return Duration(people / people_a_day, float(low), float(high))


def read_rates(study: Study, given: Iterable[str]) -> dict[str, float]:
    """People a day by locale, of texts such as FR-fr=25. Raises ValueError, a sentence's end."""
    rates = {}
    locales = [str(locale) for locale in study.locales.order_by("country", "language")]
    for text in given:
        locale, equals, value = text.partition("=")
        try:
            rates[locale] = float(value)
        except ValueError:
            equals = ""
        if not equals or not 0 <= rates[locale] < inf:
            raise ValueError(f"is written LOCALE=NUMBER, not {text!r}.")
        if locale not in locales:
            raise ValueError(f"names no locale of the study: {locale}. Use {', '.join(locales)}.")
    return rates


def durations(
    work: Sequence[LocaleWork], rates: Mapping[str, float]
) -> list[tuple[LocaleWork, Duration | None]]:
    """Each locale with its people at the rate given under its name."""
    return [(one, duration(one.people, rates.get(str(one.locale), 0.0))) for one in work]

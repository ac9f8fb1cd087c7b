"""The planted model: people with known preferences, habits and ways of behaving.

The utility of a candidate to a person is the sum of
    how its value pole is liked by everybody,
    how her country likes the pole, how her gender and her age band like it,
    how she herself likes the pole (normal, standard deviation `person_sd`),
    a bonus for its place on the page, half as large with every place further down.
Her ranking is drawn from these by Plackett-Luce; `draws.py` says how, with ties.

Which country and group likes which pole is shuffled by the seed, the sizes are constants:
the figures say nothing about any country, and each seed is as recoverable as another.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from annotation.dealing.seeds import derive_seed
from insights.statistics.arrays import Floats, Ints
from rehearsal.draws import AT_RANDOM, HONEST, draw_rankings

# The last one is the default candidate, which speaks for no pole.
POLES = ("traditional", "secular_rational", "survival", "self_expression", "")
LOCALES = (
    ("US", "en"),
    ("IN", "en"),
    ("IN", "hi"),
    ("FR", "fr"),
    ("IT", "it"),
    ("BR", "pt-br"),
)
AGE_BANDS = ("18-34", "35-54", "55-80")
GENDERS = ("female", "male")
# In each run of so many people exactly one is careless: one in sixteen is 6.25 %.
CARELESS_EVERY = 16
# So many times faster than a typical reader: the speed signal needs three times.
CARELESS_PACE = 10.0

Liking = tuple[float, ...]


@dataclass(frozen=True)
class Behaviours:
    """Shares of the people who are not careless; each is drawn apart from the others."""

    leaves: float = 0.06
    idles: float = 0.05
    skips: float = 0.06
    double_clicks: float = 0.10
    changes_device: float = 0.06
    two_tabs: float = 0.05


@dataclass(frozen=True)
class SimulatedPerson:
    """Somebody, whole. The same seed and index are always the same person."""

    index: int
    country: str
    language: str
    gender: str
    age: int
    education: str
    personal: Liking
    # draws.HONEST, draws.AT_RANDOM, or the place on the page she always puts first
    careless: int
    # Characters a second, as a multiple of a typical reader's.
    pace: float
    # Opens so many conversations, does not finish the last, and never returns; None: stays.
    leaves_after: int | None
    # The how-manieth conversation (from 0) she lets lie beyond its lease, or skips.
    idles_at: int | None
    skips_at: int | None
    double_clicks: bool
    changes_device: bool
    two_tabs: bool
    misses_attention: bool

    @property
    def is_careless(self) -> bool:
        return self.careless != HONEST

    @property
    def age_band(self) -> str:
        return age_band(self.age)


@dataclass(frozen=True)
class Ranked:
    """One ranking, by place on the page: ranks from 1, the chosen place from 0."""

    ranks: tuple[int, ...]
    chosen: int
    # How long she took, as a multiple of what a typical reader takes for these texts.
    time: float


@dataclass(frozen=True)
class Truth:
    seed: int
    poles: Liking
    countries: Mapping[str, Liking]
    genders: Mapping[str, Liking]
    ages: Mapping[str, Liking]
    locales: tuple[tuple[str, str], ...] = LOCALES
    person_sd: float = 0.5
    first_place_bonus: float = 0.5
    tie_share: float = 0.08
    behaviours: Behaviours = field(default_factory=Behaviours)

    @classmethod
    def from_seed(
        cls, seed: int, *, locales: Sequence[tuple[str, str]] = LOCALES, strength: float = 1.0
    ) -> "Truth":
        """The model of a seed. `strength` multiplies all effects of country and group."""
        rng = _rng(seed, "truth")
        common = rng.permutation([-0.3, -0.1, 0.0, 0.1, 0.3])
        countries = sorted({country for country, _language in locales})
        liked = rng.permutation(len(POLES))
        one, other, early, late = rng.permutation(4)
        return cls(
            seed=seed,
            poles=_liking(common),
            countries={
                country: _liking(strength * 1.2 * _unit(liked[place % len(POLES)]))
                for place, country in enumerate(countries)
            },
            genders={
                gender: _liking(sign * strength * 0.6 * (_unit(one) - _unit(other)))
                for gender, sign in zip(GENDERS, (1, -1), strict=True)
            },
            ages={
                band: _liking(sign * strength * 0.7 * (_unit(early) - _unit(late)))
                for band, sign in zip(AGE_BANDS, (1, 0, -1), strict=True)
            },
            locales=tuple(locales),
        )

    def liking(self, country: str, gender: str, age_band: str) -> Floats:
        """The utility of each pole (5,) to people of these labels; unknown ones add nothing."""
        nothing = (0.0,) * len(POLES)
        parts = (
            self.poles,
            self.countries.get(country, nothing),
            self.genders.get(gender, nothing),
            self.ages.get(age_band, nothing),
        )
        return np.asarray(np.array(parts).sum(axis=0), dtype=np.float64)

    def bonus(self, places: int) -> Floats:
        """The utility that each place on the page adds, (places,)."""
        return np.asarray(self.first_place_bonus * 0.5 ** np.arange(places), dtype=np.float64)

    def careless(self, people: int) -> Ints:
        """How the first so many people are careless, (people,): known without drawing them."""
        return np.array([_careless(self.seed, index) for index in range(people)], dtype=np.int64)

    def person(self, index: int) -> SimulatedPerson:
        """Person `index` (from 0). People take the locales in turn, shuffled within each round."""
        careless = _careless(self.seed, index)
        rng = _rng(self.seed, "person", index)
        turn = _rng(self.seed, "round", index // len(self.locales)).permutation(len(self.locales))
        country, language = self.locales[turn[index % len(self.locales)]]
        band = _pick("age", rng)
        low, high = (int(year) for year in band.split("-"))
        shares, honest = self.behaviours, careless == HONEST
        acts = rng.random(6)
        return SimulatedPerson(
            index=index,
            country=country,
            language=language,
            gender=_pick("gender", rng),
            age=int(rng.integers(low, high + 1)),
            education=_pick("education", rng),
            personal=_liking(self.person_sd * rng.standard_normal(len(POLES))),
            careless=careless,
            pace=float(np.exp(0.15 * rng.standard_normal())) * (1 if honest else CARELESS_PACE),
            leaves_after=_maybe(honest and acts[0] < shares.leaves, rng, 1),
            idles_at=_maybe(honest and acts[1] < shares.idles, rng, 0),
            skips_at=_maybe(honest and acts[2] < shares.skips, rng, 0),
            double_clicks=bool(acts[3] < shares.double_clicks),
            changes_device=bool(honest and acts[4] < shares.changes_device),
            two_tabs=bool(acts[5] < shares.two_tabs),
            misses_attention=bool(rng.random() < 0.5 and not honest),
        )

    def rank(self, person: SimulatedPerson, poles: Sequence[str], occasion: object) -> Ranked:
        """Her ranking of candidates of these poles, in the order on her page.

        `occasion` names the ranking (a turn's number, a set's key): asked again with the
        same one she answers the same, whoever was served in between.
        """
        rng = _rng(self.seed, "ranking", person.index, occasion)
        which = [POLES.index(pole) for pole in poles]
        liking = self.liking(person.country, person.gender, person.age_band)
        utilities = (liking + np.array(person.personal))[which] + self.bonus(len(which))
        careless = np.array([min(person.careless, len(which) - 1)])
        ranks, chosen = draw_rankings(utilities[None, :], careless, self.tie_share, rng)
        time = float(np.exp(0.25 * rng.standard_normal())) / person.pace
        return Ranked(tuple(int(rank) for rank in ranks[0]), int(chosen[0]), time)


def age_band(age: int | None) -> str:
    """The band of an age in years; empty where it is not known or in none."""
    for band in AGE_BANDS:
        low, high = (int(year) for year in band.split("-"))
        if age is not None and low <= age <= high:
            return band
    return ""


@cache
def shares(question: str) -> dict[str, float]:
    """The codes of a question in shares.csv, and the share of people who give each."""
    with (Path(__file__).parent / "shares.csv").open(encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["question"] == question]
    return {row["code"]: float(row["share"]) for row in rows}


def _pick(question: str, rng: np.random.Generator) -> str:
    known = shares(question)
    return str(rng.choice(list(known), p=np.array(list(known.values())) / sum(known.values())))


def _careless(seed: int, index: int) -> int:
    block = index - index % CARELESS_EVERY
    rng = _rng(seed, "careless", block)
    if block + int(rng.integers(CARELESS_EVERY)) != index:
        return HONEST
    return AT_RANDOM if rng.random() < 0.5 else int(rng.integers(4))


def _maybe(happens: bool, rng: np.random.Generator, least: int) -> int | None:
    """A small number from `least` up, drawn in any case, so that nothing else shifts."""
    number = least + int(rng.integers(3))
    return number if happens else None


def _rng(*parts: object) -> np.random.Generator:
    return np.random.default_rng(derive_seed(*parts))


def _unit(place: int) -> Floats:
    return np.asarray(np.eye(len(POLES))[place])


def _liking(values: Floats) -> Liking:
    return tuple(round(float(value), 4) for value in values)

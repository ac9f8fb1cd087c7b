"""Signals about how somebody worked: pure functions from plain values to figures, or to nothing.

Each returns the figures that a person is to look at, or None: too little was done to say
anything, or nothing is noticeable. None of them is a verdict; docs/quality.md says how each
threshold is meant. No figure tells what somebody chose, wrote or is.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import comb
from statistics import median
from typing import Any

Evidence = dict[str, int | float | str]

# -- Speed
# Below four turns one hurried moment would weigh a quarter and more.
SPEED_TURNS = 4
# Three times as fast as the norm: far outside the spread between readers (its standard
# deviation is about an eighth of the mean), so that quick readers stay unnoticed.
SPEED_FACTOR = 3
SPEED_SHARE = 0.5
# Fewer rankings, or fewer people, make no norm of a language.
NORM_RANKINGS = 20
NORM_PEOPLE = 5
# Characters a second, blanks not counted, of adults reading aloud: 987, 998, 950 and 913 a
# minute in Trauzettel-Klosinski and Dietz (2012), Investigative Ophthalmology & Visual Science
# 53(9), 5452-5461. Silent reading is faster, judging takes its own time: both leave room.
# Hindi is not among their languages. Its figure is an ASSUMPTION: the fastest of the four, so
# that a wrong guess notices too few people and not too many.
READING_SPEED = {"en": 987 / 60, "fr": 998 / 60, "it": 950 / 60, "pt-br": 913 / 60, "hi": 998 / 60}

# -- Position
# Chance alone puts 11 of 12 choices in one of four places about twice in a million people.
POSITION_TURNS = 12
POSITION_SHARE = 0.85

# -- Repeated explanations
# Three short texts are soon alike; from four on, a habit can be told from chance.
REPEATED_TEXTS = 4
REPEATED_SHARE = 0.6
# Of all different words of two texts, so many stand in both. "B is kinder" and "C is kinder"
# share half, and are not alike: a letter is content.
ALIKE = 0.8

# -- Paste
# One or two pasted texts are a draft from elsewhere, or a quotation.
PASTED_TEXTS = 3
PASTED_SHARE = 0.5


@dataclass(frozen=True)
class Thresholds:
    """From when on something is noticed: as above, unless a study says otherwise."""

    speed_turns: int = SPEED_TURNS
    speed_factor: float = SPEED_FACTOR
    speed_share: float = SPEED_SHARE
    position_turns: int = POSITION_TURNS
    position_share: float = POSITION_SHARE
    repeated_texts: int = REPEATED_TEXTS
    repeated_share: float = REPEATED_SHARE
    alike: float = ALIKE
    pasted_texts: int = PASTED_TEXTS
    pasted_share: float = PASTED_SHARE


USUAL = Thresholds()


def read_thresholds(stated: Mapping[str, Any]) -> Thresholds:
    """What a study's file states over the usual ones. Raises ValueError, one sentence."""
    names = {field.name for field in fields(Thresholds)}
    for name, value in stated.items():
        if name not in names:
            raise ValueError(f"flag_thresholds names {name}, which is none of the thresholds")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise ValueError(f"the threshold {name} is no number above 0")
        if isinstance(getattr(USUAL, name), int) and name != "speed_factor" and value % 1:
            raise ValueError(f"the threshold {name} is no whole number")
        if (name == "alike" or name.endswith("_share")) and value > 1:
            raise ValueError(f"the threshold {name} is a share of at most 1")
    return replace(USUAL, **stated)


@dataclass(frozen=True)
class JudgedTurn:
    """How much stood on the page (blanks not counted), in which language, for how long."""

    person: int
    language: str
    characters: int
    seconds: float

    @property
    def characters_a_second(self) -> float:
        return self.characters / max(self.seconds, 0.001)


@dataclass(frozen=True)
class Norm:
    """How fast people judge in one language: of this study, or, before it knows, of readers."""

    characters_a_second: float
    source: str
    people: int = 0
    rankings: int = 0


def norm_of(language: str, others: Sequence[JudgedTurn]) -> Norm:
    """The median of other people of the same study and language, else a documented default."""
    people = {turn.person for turn in others}
    if len(others) >= NORM_RANKINGS and len(people) >= NORM_PEOPLE:
        middle = median(turn.characters_a_second for turn in others)
        return Norm(middle, "study", people=len(people), rankings=len(others))
    fallback = max(READING_SPEED.values())
    return Norm(READING_SPEED.get(language, fallback), "readers")


def speed(
    turns: Sequence[JudgedTurn], norms: Mapping[str, Norm], limits: Thresholds = USUAL
) -> Evidence | None:
    """Whether at least half of the turns took less than a third of the language's norm."""
    if len(turns) < limits.speed_turns:
        return None
    fast = sum(
        turn.characters_a_second > limits.speed_factor * norms[turn.language].characters_a_second
        for turn in turns
    )
    if fast < limits.speed_share * len(turns):
        return None
    language = Counter(turn.language for turn in turns).most_common(1)[0][0]
    norm = norms[language]
    found: Evidence = {
        "turns": len(turns),
        "fast": fast,
        "language": language,
        "own": round(median(turn.characters_a_second for turn in turns), 1),
        "norm": round(norm.characters_a_second, 1),
        "norm_source": norm.source,
    }
    if norm.people:
        found |= {"norm_people": norm.people, "norm_rankings": norm.rankings}
    return found


def position(choices: Sequence[tuple[int, int]], limits: Thresholds = USUAL) -> Evidence | None:
    """Whether one displayed place holds nearly all choices; each is (place, places shown).

    Says how many, not which place. The tail is exact: the chance of so many in one given
    place, were each place as likely as another (of the shortest list shown).
    """
    if len(choices) < limits.position_turns:
        return None
    same = Counter(place for place, _shown in choices).most_common(1)[0][1]
    if same < limits.position_share * len(choices):
        return None
    places = min(shown for _place, shown in choices)
    return {
        "turns": len(choices),
        "same": same,
        "places": places,
        "tail": binomial_tail(n=len(choices), k=same, places=places),
    }


def binomial_tail(*, n: int, k: int, places: int) -> float:
    """The exact chance of at least k hits in n tries, each hitting one time in `places`."""
    # Whole numbers until the last step: exact, and no overflow after thousands of turns.
    ways: int = sum(comb(n, i) * (places - 1) ** (n - i) for i in range(k, n + 1))
    return float(Fraction(ways, places**n))


def repeated(texts: Sequence[str], limits: Thresholds = USUAL) -> Evidence | None:
    """Whether most explanations are nearly one and the same text. Empty ones do not count."""
    words = [found for text in texts if (found := words_of(text))]
    if len(words) < limits.repeated_texts:
        return None
    alike = max(sum(overlap(one, other) >= limits.alike for other in words) for one in words)
    if alike < limits.repeated_share * len(words):
        return None
    return {"texts": len(words), "alike": alike}


def words_of(text: str) -> frozenset[str]:
    """The different words of a text in any script, without case, accents' coding or signs."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # Letters, the marks that belong to them (every vowel sign in Devanagari), and digits.
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in plain)
    return frozenset(kept.split())


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def paste(texts: Sequence[tuple[int | None, int]], limits: Thresholds = USUAL) -> Evidence | None:
    """Whether several texts were mostly pasted; each is (characters pasted, written).

    None pasted: it was not measured, and counts for nothing.
    """
    measured = [(min(part, written), written) for part, written in texts if part is not None]
    measured = [(part, written) for part, written in measured if written]
    mostly = sum(part >= limits.pasted_share * written for part, written in measured)
    if mostly < limits.pasted_texts:
        return None
    return {
        "texts": len(measured),
        "pasted": mostly,
        "characters_pasted": sum(part for part, _written in measured),
        "characters_written": sum(written for _part, written in measured),
    }


def attention(answers: Sequence[tuple[str, str]]) -> Evidence | None:
    """Whether an attention question got another answer; each is (asked for, given).

    Who preferred not to say has not missed it; such an answer is not handed in here.
    """
    missed = sum(asked_for != given for asked_for, given in answers)
    return {"asked": len(answers), "missed": missed} if missed else None


def comprehension(passed: bool | None, tries: int) -> Evidence | None:
    """Whether the practice question was still missed at the last try; None: not asked."""
    return {"tries": tries} if passed is False else None

"""May this text be sent or shown? An endpoint's moderation where one is set, else local rules.

The rules are candidates/moderation_rules.yaml, with how they are read at its top. A text
that no checker could look at is accepted and marked "not checked": a failure of ours
costs nobody her work.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from candidates import llm
from candidates.check_digits import CHECKS
from candidates.models import ModelEndpoint

RULES = Path(__file__).parent / "moderation_rules.yaml"
# Letters and signs of Devanagari: Python counts its vowel signs as no part of a word.
NUKTA, CANDRABINDU, ANUSVARA = "\u093c", "\u0901", "\u0902"
INSIDE_A_WORD = r"[\w\u0900-\u0963\u0970-\u097f]"


class Outcome(Enum):
    OK = "ok"
    EDIT = "edit"
    REFUSE = "refuse"
    HELP = "help"


class Source(Enum):
    ENDPOINT = "endpoint"
    RULES = "rules"
    NOT_CHECKED = "not checked"


class _Weight(IntEnum):
    """Of several outcomes the heaviest counts: help goes before a refusal."""

    OK = 0
    EDIT = 1
    REFUSE = 2
    HELP = 3


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a text, why, and who says so."""

    outcome: Outcome
    categories: tuple[str, ...]
    source: Source


def moderate(text: str, language: str, endpoint: ModelEndpoint | None) -> Verdict:
    """Judges one text. Never raises: a checker that fails leaves the text unchecked.

    Personal data is looked for locally in any case, as no endpoint looks for it.
    """
    if endpoint is not None and endpoint.moderation_model:
        try:
            found = llm.moderate(endpoint, text)
        except llm.ProviderError:
            return Verdict(Outcome.OK, (), Source.NOT_CHECKED)
        source = Source.ENDPOINT
    elif language in _rules()["languages"]:
        found = list(_find_by_rules(text, language))
        source = Source.RULES
    else:
        return Verdict(Outcome.OK, (), Source.NOT_CHECKED)
    categories = tuple(sorted({*found, *find_personal_data(text)}))
    return Verdict(_heaviest(categories), categories, source)


def moderate_candidates(
    texts: list[str], language: str, endpoint: ModelEndpoint | None
) -> list[Verdict]:
    return [moderate(text, language, endpoint) for text in texts]


def find_unsafe(texts: list[str], language: str, endpoint: ModelEndpoint | None) -> list[str]:
    """Why these responses may not be shown; empty when they may, or could not be checked.

    A number to call is no defect of a response: only what would be refused counts.
    """
    reasons = []
    verdicts = moderate_candidates(texts, language, endpoint)
    for place, verdict in enumerate(verdicts, start=1):
        grave = [name for name in verdict.categories if _weight(name) >= _Weight.REFUSE]
        if grave:
            reasons.append(f"response {place}: moderation found {', '.join(grave)}")
    return reasons


def _heaviest(categories: tuple[str, ...]) -> Outcome:
    weight = max((_weight(name) for name in categories), default=_Weight.OK)
    return Outcome[weight.name]


def _weight(category: str) -> _Weight:
    """What a category asks for; one that nobody listed asks to look at the text again."""
    outcomes: dict[str, str] = _rules()["outcomes"]
    return _Weight[outcomes.get(category.replace("_", "-"), "edit").upper()]


def _find_by_rules(text: str, language: str) -> Iterator[str]:
    plain = normalise(text)
    for code in (language, *_rules()["languages"][language].get("also", [])):
        for category, patterns in _patterns(code).items():
            if any(pattern.search(plain) for pattern in patterns):
                yield category


def find_personal_data(text: str) -> Iterator[str]:
    """Categories of personal data in a text: ways to reach somebody, and numbers of one person.

    Where a number has check digits, they must be right.
    """
    plain = normalise(text)
    for category, patterns in _personal_patterns().items():
        is_real = CHECKS.get(category, bool)
        if any(is_real(match[0]) for pattern in patterns for match in pattern.finditer(plain)):
            yield category


def normalise(text: str) -> str:
    """Small letters without accents, straight apostrophes, ASCII digits, single spaces."""
    folded = _without_accents(unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("’", "'").replace("‘", "'").replace("`", "'")
    digits = "".join(str(unicodedata.decimal(c, c)) for c in folded)
    return " ".join(digits.split())


def _without_accents(text: str) -> str:
    """Accents off Latin letters and dots off Devanagari ones: many people leave them out."""
    apart = unicodedata.normalize("NFD", text).replace(CANDRABINDU, ANUSVARA)
    return "".join(c for c in apart if c != NUKTA and not "\u0300" <= c <= "\u036f")


@cache
def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return rules


@cache
def _patterns(language: str) -> dict[str, list[re.Pattern[str]]]:
    """Each phrase of a language as a pattern between borders of words."""
    section = _rules()["languages"][language]
    before = "".join(rf"(?<!\b{_without_accents(word)} )" for word in section.get("not_after", []))
    before += rf"(?<!{INSIDE_A_WORD})"
    return {
        category: [
            re.compile(rf"{before}(?:{_without_accents(line)})(?!{INSIDE_A_WORD})")
            for line in lines
        ]
        for category, lines in section.items()
        if category not in {"also", "not_after"}
    }


@cache
def _personal_patterns() -> dict[str, list[re.Pattern[str]]]:
    return {
        category: [re.compile(line) for line in lines]
        for category, lines in _rules()["personal_data"].items()
    }

"""Which language a text is in, and in which script, found offline.

Two questions are asked: a response must be in one of the study's languages (`detect_language`),
and what a person writes is labelled (`describe`). A label says only what is clear: a text that is
short or that mixes languages has none, because people who mix are not mistaken.
"""

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

logger = logging.getLogger(__name__)

CODES = {"en": "EN", "fr": "FR", "it": "IT", "pt-br": "PT", "hi": "HI"}
# People answer in a neighbour's language too; without these, Spanish would be "Portuguese".
NEIGHBOURS = {"es": "ES", "de": "DE"}
LATIN, DEVANAGARI = "Latn", "Deva"

# ISO 15924 codes by the first word of a letter's Unicode name.
SCRIPTS = {
    "LATIN": LATIN, "DEVANAGARI": DEVANAGARI, "ARABIC": "Arab", "ARMENIAN": "Armn",
    "BENGALI": "Beng", "CJK": "Hani", "CYRILLIC": "Cyrl", "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "HANGUL": "Hang", "HEBREW": "Hebr", "HIRAGANA": "Hira", "KANNADA": "Knda",
    "KATAKANA": "Kana", "MALAYALAM": "Mlym", "ORIYA": "Orya", "SINHALA": "Sinh",
    "TAMIL": "Taml", "TELUGU": "Telu", "THAI": "Thai",
}  # fmt: skip

ROMANISED: dict[str, str] = yaml.safe_load(
    (Path(__file__).parent / "romanised_hindi.yaml").read_text(encoding="utf-8")
)
OWN, SHARED = (frozenset(ROMANISED[name].split()) for name in ("own", "shared"))
# Shares of such words: from CLEAR on the text is Hindi; below TRACE there is no Hindi in it.
CLEAR, TRACE = 0.35, 0.1

MIN_LETTERS, MIN_WORDS = 8, 2
SURE, SURE_OF_CLAUSE = 0.6, 0.7
CLAUSE_WORDS, NOTICE_WORDS = 4, 4


@dataclass(frozen=True)
class Label:
    """Language ("" where it is not clear) and dominant script ("" where there are no letters)."""

    language: str = ""
    script: str = ""


def load_detector() -> None:
    """Loads the language models now rather than in somebody's request."""
    describe("The first text takes a moment longer than all others.")


@cache
def _detector(*codes: str) -> LanguageDetector:
    # Built at first use: a third of a second and 100 MB that a process may never need.
    isos = [getattr(IsoCode639_1, code) for code in codes]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*isos).build()


def detect_language(text: str) -> str:
    """One of the keys of CODES, or "" where the text gives no hint (digits, another script)."""
    found: Language | None = _detector(*CODES.values()).detect_language_of(text)
    return _code_of(found, CODES) if found else ""


def _code_of(found: Language, codes: dict[str, str]) -> str:
    name = found.iso_code_639_1.name
    return next(code for code, iso in codes.items() if iso == name)


def describe(text: str) -> Label:
    """What a person's text is in. Never raises: a label is worth nobody's work."""
    try:
        return _describe(text)
    except Exception:
        logger.exception("a text could not be labelled with its language")
        return Label()


def is_clearly_other(text: str, label: Label, language: str) -> bool:
    """Whether a notice is due: a whole text in another language or script than the study's."""
    if label.language:
        return label.language != language and len(text.split()) >= NOTICE_WORDS
    return label.script not in {"", LATIN, DEVANAGARI}


def _describe(text: str) -> Label:
    words = _words(text)
    scripts = count_scripts(words)
    if not scripts:
        return Label()
    script = scripts.most_common(1)[0][0]
    if sum(map(len, words)) < MIN_LETTERS or len(words) < MIN_WORDS:
        return Label(script=script)
    if script == DEVANAGARI:
        return Label("hi", script)
    if script != LATIN or scripts[DEVANAGARI] > TRACE * scripts.total():
        return Label(script=script)
    share = romanised_share(words)
    if share >= CLEAR:
        return Label("hi", script)
    return Label("" if share > TRACE else _clear_language(text), script)


def _words(text: str) -> list[str]:
    """Runs of letters with their marks, in small letters (in Devanagari vowels are marks)."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    joined = plain.replace("\u200c", "").replace("\u200d", "")
    return "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in joined).split()


def count_scripts(words: Sequence[str]) -> Counter[str]:
    """Words by the ISO 15924 code of their script ("Zzzz": another one).

    Single letters, such as the B of "जवाब B", count only where there is nothing else.
    """
    first = (word[0] for word in [word for word in words if len(word) > 1] or words)
    names = (unicodedata.name(char, "").replace("-", " ").split(" ")[0] for char in first)
    return Counter(SCRIPTS.get(name, "Zzzz") for name in names)


def romanised_share(words: Sequence[str]) -> float:
    """How much of a text is frequent Hindi words in Latin letters, from 0 to 1.

    Words that other languages know too count only beside two that they do not know.
    """
    long_words = [word for word in words if len(word) > 1]
    own = [word for word in long_words if word in OWN]
    if not own:
        return 0.0
    shared = [word for word in long_words if word in SHARED]
    return (len(own) + (len(shared) if len(set(own)) > 1 else 0)) / len(long_words)


def _clear_language(text: str) -> str:
    """The language of a text in Latin letters; "" where its clauses disagree."""
    language, confidence = _most_likely(text)
    if confidence < SURE:
        return ""
    clauses = [part for part in re.split(r"[.!?;:,\n]+", text) if part.strip()]
    for clause in clauses if len(clauses) > 1 else []:
        if len(clause.split()) >= CLAUSE_WORDS:
            other, confidence = _most_likely(clause)
            if other != language and confidence >= SURE_OF_CLAUSE:
                return ""
    return language


def _most_likely(text: str) -> tuple[str, float]:
    codes = CODES | NEIGHBOURS
    best = _detector(*codes.values()).compute_language_confidence_values(text)[0]
    return _code_of(best.language, codes), best.value

"""May this set be shown? Pure checks; each failure is one reason in plain words."""

import re
import unicodedata

from candidates.languages import detect_language

# Markers that chat models leak: <|end_of_text|>, <think>, [INST], <s>, <start_of_turn>.
SPECIAL_TOKENS = re.compile(
    r"<\|[^|>]{1,40}\|>|</?(?:think|s|start_of_turn|end_of_turn)>|\[/?INST\]|EMPTY STRING"
)


def find_defects(
    texts: list[str],
    *,
    n: int,
    language: str,
    words_min: int,
    words_max: int,
    finish_reasons: list[str],
) -> list[str]:
    """Every reason why these texts may not be shown as one set; empty when they may."""
    reasons = []
    if len(texts) != n:
        reasons.append(f"wrong number of responses: {len(texts)} instead of {n}")
    if "length" in finish_reasons:
        reasons.append("truncated: the provider stopped at its length limit")
    for place, text in enumerate(texts, start=1):
        reasons += [f"response {place}: {d}" for d in _text_defects(text, language)]
        words = len(text.split())
        if text and not words_min <= words <= words_max:
            reasons.append(f"response {place}: {words} words, outside {words_min} to {words_max}")
    normalised = [normalise(text) for text in texts if text]
    if len(set(normalised)) < len(normalised):
        reasons.append("two responses are the same text")
    return reasons


def _text_defects(text: str, language: str) -> list[str]:
    if not text:
        return ["empty"]
    defects = []
    if SPECIAL_TOKENS.search(text):
        defects.append("contains a special token")
    found = detect_language(text)
    if found != language:
        defects.append(f"language is {found or 'unknown'}, not {language}")
    return defects


def normalise(text: str) -> str:
    """The text without case, accents' encoding, punctuation and spacing, to find twins."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))

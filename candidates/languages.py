"""Which of the five study languages a text is in, found offline."""

from functools import cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

CODES = {"en": "EN", "fr": "FR", "it": "IT", "pt-br": "PT", "hi": "HI"}


@cache
def _detector() -> LanguageDetector:
    # Built at first use: a second and 100 MB that a web process may never need.
    codes = [getattr(IsoCode639_1, code) for code in CODES.values()]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def detect_language(text: str) -> str:
    """One of the keys of CODES, or "" where the text gives no hint (digits, another script)."""
    found: Language | None = _detector().detect_language_of(text)
    if found is None:
        return ""
    name = found.iso_code_639_1.name
    return next(code for code, iso in CODES.items() if iso == name)

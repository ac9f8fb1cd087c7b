"""Names by which people introduce themselves, and postal addresses, in five languages.

Careful patterns: a name counts only after words that introduce it, an address only in the form
usual in her country. Much of both stays unfound (docs/exports/privacy.md says what), so that
somebody still has to read.
"""

import re
from collections.abc import Iterator
from functools import cache

UPPER = "[A-ZÀ-ÖØ-Þ]"
LETTER = "[^\\W\\d_]"
WORD = rf"{UPPER}(?:{LETTER}|[\u0300-\u036f'’-])*"
LOWER_NAME = (
    r"(?:de la|de l['’]|dell['’]|della|dello|dei|degli|del|di|de|des|du|dos|do|das|da|d['’]|"
    r"la|le|les|e)"
)
FULL = rf"{WORD}(?:[ -](?:{LOWER_NAME} ?)?{WORD}){{0,3}}"
ACUTE, GRAVE = "(?:é|e\u0301|e)", "(?:è|e\u0300|é|e['’])"
DEVANAGARI = "[\u0900-\u0963\u0970-\u097f\u200c\u200d]+"
# What follows मेरा नाम in sentences that name nobody.
NO_NAME = "नहीं|क्या|कुछ|बहुत|सूची|में|मत|यह|वह|यहाँ|पूछना|बताना|लिखना|लेना|भी|तो"

# After these words comes her name, with a capital letter; Hindi has none, and ends with है.
INTRODUCED = {
    "en": r"\bmy name(?:['’]s| is)|\bI am called|\bI['’]m called",
    "fr": rf"\bje m['’]appelle|\bmon (?:pr{ACUTE})?nom est|\bon m['’]appelle",
    "it": rf"\bmi chiamo|\bil mio nome {GRAVE}|\bmi chiamano",
    "pt-br": rf"\bmeu nome {ACUTE}|\bme chamo|\bchamo-me|\bmeu nome completo {ACUTE}",
    "hi": r"\bmera na+m",
}
HINDI_WORD = rf"(?!(?:{NO_NAME}|है|हैं)\s)(?:{DEVANAGARI}|{WORD})"
HINDI_NAME = rf"मेरा\s+नाम\s+({HINDI_WORD}(?:\s+{HINDI_WORD}){{0,2}})\s+(?:है|हैं)(?!\w)"

# A year before a name of a street is no number of a house, unless a ZIP follows.
NUMBER_US = r"(?!(?:19|20)\d\d\b(?![^\n]{0,80}\b\d{5}\b))\d{1,5}"
STREETS_US = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|Ter|"
    "Circle|Cir|Parkway|Pkwy|Highway|Hwy|Square|Sq|Trail|Way"
)
STREETS_FR = (
    "rue|avenue|av\\.|boulevard|bd|bld|all(?:é|e\u0301|e)es?|impasse|quai|faubourg|chemin|"
    "place|cours|route|square|passage|villa|r(?:é|e\u0301)sidence|lotissement"
)
STREETS_IT = (
    "via|viale|v\\.le|piazza|p\\.za|piazzale|piazzetta|corso|c\\.so|largo|vicolo|strada|"
    "lungotevere|lungomare|contrada|borgo|salita"
)
STREETS_BR = (
    "rua|r\\.|avenida|av\\.?|travessa|alameda|al\\.|pra(?:ç|c\u0327)a|rodovia|estrada|largo|viela"
)
PLACES_IN = (
    "house|flat|plot|door|h\\.? ?no|road|street|nagar|marg|colony|sector|gali|chowk|mohalla|vihar|"
    "enclave|society|layout|apartments?|lane|block|phase|village|post|dist(?:rict)?|pin ?(?:code)?|"
    "मकान|फ्लैट|फ़्लैट|प्लॉट|सड(?:़)?क|सड़क|मार्ग|नगर|कॉलोनी|गली|चौक|मोहल्ला|मुहल्ला|विहार|सेक्टर|"
    "गाँव|गांव|डाक(?:घर)?|जिला|ज(?:़)?िला|पिन(?: ?कोड)?"
)
STREET_NAME = (
    rf"(?:{LOWER_NAME}[ ]?)?(?:{WORD}|\d{{1,2}})(?:[ -](?:{LOWER_NAME}[ ]?)?{WORD}){{0,5}}"
)
CITY = rf"{WORD}(?:[ -](?:{LOWER_NAME} )?{WORD}){{0,3}}"

ADDRESSES = {
    # 350 Fifth Avenue, Apt 4, New York, NY 10118; the street alone is enough.
    "US": rf"(?<![\w.-]){NUMBER_US} (?:[NSEW]\.? )?(?:(?:{WORD}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}"
    rf"(?:{STREETS_US})\b\.?(?: [NSEW]{{1,2}}\b)?(?:,? (?i:apt|unit|suite|ste|#)\.? ?#?\w{{1,5}})?"
    rf"(?:,? {CITY})?(?:,? [A-Z]{{2}})?(?:,? \d{{5}}(?:-\d{{4}})?(?!\d))?",
    # 12 bis rue de la Paix, 75002 Paris
    "FR": rf"(?<![\w.-])\d{{1,4}}(?: ?(?i:bis|ter|quater))?,? (?i:{STREETS_FR}) {STREET_NAME}"
    rf"(?:,? ?(?:\n)?\d{{5}}(?!\d)(?: {CITY})?)?",
    # via Giuseppe Verdi 12/A, 20121 Milano: with its number, or with the CAP
    "IT": rf"\b(?i:{STREETS_IT}) {STREET_NAME},? (?:n\.? ?|n° ?)?\d{{1,4}}(?: ?/ ?\w)?(?!\d)"
    rf"(?:,? ?(?:-)? ?\d{{5}}(?!\d)(?: {CITY})?)?|"
    rf"\b(?i:{STREETS_IT}) {STREET_NAME},? ?(?:-)? ?\d{{5}}(?!\d)(?: {CITY})?",
    # Rua das Flores, 123, São Paulo, 01310-100; a CEP with its hyphen alone
    "BR": rf"\b(?i:{STREETS_BR}) {STREET_NAME},? (?i:n[º°o.]* ?)?\d{{1,5}}(?!\d)"
    rf"(?:.{{0,60}}?(?i:CEP:? ?)?\d{{5}}-?\d{{3}}(?!\d))?|"
    r"(?i:\bCEP:? ?)\d{5}-?\d{3}(?!\d)|(?<![\w.-])\d{5}-\d{3}(?![\w-])",
    # House No. 12, MG Road, Bengaluru 560001: usual words at most 80 characters before a PIN
    "IN": rf"(?<!\w)(?i:{PLACES_IN})(?!\w)[^\n]{{0,80}}?"
    rf"(?:[,–-] ?|(?i:pin ?(?:code)?|पिन(?: ?कोड)?)[: –-]{{0,3}}|"
    rf"(?:{WORD}|{DEVANAGARI})[ –-]{{1,3}})"
    r"(?<!\d)[1-9]\d{2} ?\d{3}(?!\d)(?! ?(?:rupees|people|रुपय|रुपए|लोग))",
}  # fmt: skip


def names(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    """Each name where she says what she is called, in her language or in English."""
    for spoken in dict.fromkeys([language, "en"]):
        for match in _introductions(spoken).finditer(text):
            yield match.span(1)
    if language == "hi":
        for match in re.finditer(HINDI_NAME, text):
            yield match.span(1)


@cache
def _introductions(language: str) -> re.Pattern[str]:
    said = INTRODUCED.get(language, "(?!)")
    return re.compile(rf"(?i:{said})\s*:?\s+({FULL})(?<![.'’-])")


def addresses(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    """Each postal address in the form of her country."""
    if country in ADDRESSES:
        yield from (match.span() for match in re.finditer(ADDRESSES[country], text))

"""Personal data that has a form: addresses on the net, telephone, card, account and id numbers.

Names and postal addresses have little form: found are names after words that introduce them and
addresses in the usual form of a country (`own_details`). Silence is no assurance: a person who
reads the texts remains the only check on the rest.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from types import ModuleType

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.br import cnpj, cpf
from stdnum.fr import nir
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.us import ssn

from exports.privacy import own_details

VERSION = 2  # of these rules; texts checked by older ones are checked again


class What(StrEnum):
    """Values are stored and stand in masked texts."""

    EMAIL = "e-mail"
    LINK = "link"
    IBAN = "iban"
    IDENTITY = "national id"
    CARD = "card"
    TELEPHONE = "telephone"
    HANDLE = "handle"
    ADDRESS = "address"
    NAME = "name"


Place = tuple[What, int, int]  # kind, start, length: in characters, from 0

MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LINK = re.compile(r"(?:https?://|www\.)[^\s<>\"'«»]+[^\s<>\"'«».,;:!?)\]]", re.IGNORECASE)
HANDLE = re.compile(r"(?<![\w@./])@[A-Za-z0-9_](?:[\w.-]{1,29})(?<![.-])")
CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?!\w)", re.IGNORECASE)
# How people spell an address so that machines do not see it: (at) anywhere, a word by language.
AT = {"fr": "arobase|arrobase", "it": "chiocciola", "pt-br": "arroba", "hi": "ऐट|एट"}
DOT = {"en": "dot", "fr": "point", "it": "punto", "pt-br": "ponto", "hi": "डॉट"}

# By country: what an identity number looks like, and whose check it must pass.
IDENTITIES: dict[str, list[tuple[str, ModuleType]]] = {
    "US": [(r"\d{3}-\d{2}-\d{4}", ssn)],
    "FR": [(r"[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}", nir)],
    "IT": [(r"[A-Z]{6} ?[0-9LMNP-V]{2}[A-EHLMPRST] ?[0-9LMNP-V]{2} ?[A-Z][0-9LMNP-V]{3}[A-Z]",
            codicefiscale)],
    "BR": [(r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}", cpf),
           (r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}", cnpj)],
    "IN": [(r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", aadhaar), (r"[A-Z]{5}\d{4}[A-Z]", pan)],
}  # fmt: skip


def find(text: str, country: str, language: str) -> list[Place]:
    """Places in one text, in order and apart: where two kinds meet, the first of `What` stays.

    `country` (ISO 3166-1) is where the writer lives: her own id numbers are looked for, and
    telephone numbers as they are dialled there, beside those with a country's prefix.
    """
    plain = _with_plain_digits(text)
    found = sorted(
        ((kind, start, end) for kind, search in SEARCHES for start, end in search(
            plain, country, language)),
        key=lambda place: (list(What).index(place[0]), place[1]),
    )  # fmt: skip
    kept: list[tuple[What, int, int]] = []
    for kind, start, end in found:
        if all(end <= other[1] or start >= other[2] for other in kept):
            kept.append((kind, start, end))
        else:
            kept = [_joined(other, start, end) for other in kept]
    return [(kind, start, end - start) for kind, start, end in sorted(kept, key=lambda p: p[1])]


def _joined(place: tuple[What, int, int], start: int, end: int) -> tuple[What, int, int]:
    """What overlaps with a place becomes part of it, so that no rest of it stays readable."""
    kind, first, last = place
    if end <= first or start >= last:
        return place
    return kind, min(first, start), max(last, end)


def _with_plain_digits(text: str) -> str:
    """Digits of any script as 0 to 9; every character keeps its place."""
    return "".join(
        str(unicodedata.digit(character)) if character.isdecimal() else character
        for character in text
    )


def _mails(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in MAIL.finditer(text))
    yield from (match.span() for match in _spelled(language).finditer(text))


@cache
def _spelled(language: str) -> re.Pattern[str]:
    at = rf"(?:\s*[(\[]\s*(?:at|@)\s*[)\]]\s*|\s+(?:{AT.get(language, '(?!)')})\s+)"
    dot = rf"(?:\.|\s*[(\[]\s*dot\s*[)\]]\s*|\s+(?:{DOT.get(language, 'dot')})\s+)"
    return re.compile(rf"(?<![\w.+-])[\w.+-]+{at}[\w-]+(?:{dot}[\w-]+)+", re.IGNORECASE)


def _links(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in LINK.finditer(text))


def _handles(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in HANDLE.finditer(text))


def _cards(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    """ISO/IEC 7812: 13 to 19 digits of an issuer of payment cards, with Luhn's check digit."""
    for match in CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if digits[0] in "23456" and len(set(digits)) > 1 and luhn.is_valid(digits):
            yield match.span()


def _ibans(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    """The longest beginning that is an account number: words after it look like more of it."""
    for match in IBAN.finditer(text):
        ends = [part.end() for part in re.finditer(r"[A-Z0-9]+", match[0], re.IGNORECASE)]
        for end in reversed(ends):
            if iban.is_valid(match[0][:end], check_country=False):
                yield match.start(), match.start() + end
                break


def _identities(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    for pattern, check in IDENTITIES.get(country, []):
        for match in re.finditer(rf"(?<![\w.-])(?:{pattern})(?![\w-])", text, re.IGNORECASE):
            if check.is_valid(match[0].replace("/", "").upper()):
                yield match.span()


def _telephones(text: str, country: str, language: str) -> Iterator[tuple[int, int]]:
    for match in PhoneNumberMatcher(text, country or None, leniency=Leniency.VALID):
        yield match.start, match.end


SEARCHES: tuple[tuple[What, Callable[[str, str, str], Iterator[tuple[int, int]]]], ...] = (
    (What.EMAIL, _mails),
    (What.LINK, _links),
    (What.IBAN, _ibans),
    (What.IDENTITY, _identities),
    (What.CARD, _cards),
    (What.TELEPHONE, _telephones),
    (What.HANDLE, _handles),
    (What.ADDRESS, own_details.addresses),
    (What.NAME, own_details.names),
)

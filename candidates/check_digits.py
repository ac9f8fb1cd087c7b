"""Numbers that belong to one person, told from other numbers by their own check digits."""

import string
from collections.abc import Callable
from itertools import pairwise

_SHUFFLE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
# What a sign counts at an odd place of a codice fiscale, 0 to 9 and A to Z.
_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_ODD_LETTERS = (*_ODD, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def _digits(text: str) -> list[int]:
    return [int(char) for char in text if char.isdigit()]


def _times(a: int, b: int) -> int:
    """The multiplication of the dihedral group of order ten (Verhoeff, 1969)."""
    turned = (a + b) % 5 if a < 5 else (a - b) % 5
    return turned if (a < 5) == (b < 5) else 5 + turned


def passes_luhn(text: str) -> bool:
    """Payment cards (ISO/IEC 7812-1)."""
    digits = _digits(text)
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def passes_iban(text: str) -> bool:
    """Bank accounts (ISO 13616): the remainder by 97 is 1."""
    plain = "".join(char for char in text if char.isalnum())
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def passes_verhoeff(text: str) -> bool:
    """Aadhaar, India."""
    digits = _digits(text)
    check = 0
    for place, digit in enumerate(reversed(digits)):
        shuffled = digit
        for _turn in range(place % 8):
            shuffled = _SHUFFLE[shuffled]
        check = _times(check, shuffled)
    return len(set(digits)) > 3 and check == 0


def passes_cpf(text: str) -> bool:
    """CPF, Brazil: two check digits."""
    digits = _digits(text)
    for length in (9, 10):
        weighted = sum(
            weight * digit
            for weight, digit in zip(range(length + 1, 1, -1), digits[:length], strict=True)
        )
        if weighted * 10 % 11 % 10 != digits[length]:
            return False
    return any(one != other for one, other in pairwise(digits))


def passes_codice_fiscale(text: str) -> bool:
    """Codice fiscale, Italy: its last letter."""
    values = [int(char, 36) for char in text]
    odd = sum(_ODD_LETTERS[value if value < 10 else value - 10] for value in values[0:15:2])
    even = sum(value if value < 10 else value - 10 for value in values[1:15:2])
    return string.ascii_lowercase[(odd + even) % 26] == text[15]


def passes_nir(text: str) -> bool:
    """Numéro de sécurité sociale, France; 2A and 2B are Corsica."""
    plain = text.replace(" ", "").replace("2a", "19").replace("2b", "18")
    return 97 - int(plain[:13]) % 97 == int(plain[13:])


CHECKS: dict[str, Callable[[str], bool]] = {
    "personal/card": passes_luhn,
    "personal/iban": passes_iban,
    "personal/aadhaar": passes_verhoeff,
    "personal/cpf": passes_cpf,
    "personal/codice-fiscale": passes_codice_fiscale,
    "personal/nir": passes_nir,
}

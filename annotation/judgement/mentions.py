"""Which of the letters shown a text speaks of, and where.

"B is kinder than A" names two answers, "A good answer" names none. Only what is sure is found:
a letter that is also a word (English "A", Italian "E", Portuguese "O") needs something beside it
that says it is a letter, and a small letter always does. A letter that is missed can be found by
a reader; one that is wrongly found is a wrong figure.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

WORDS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "mention_words.yaml").read_text(encoding="utf-8")
)
CUES, CUES_AFTER, CUES_AFTER_HINDI, NOT_AFTER, NOT_BEFORE, JOINS, VERBS = (
    frozenset(WORDS[name].split())
    for name in (
        "cues", "cues_after", "cues_after_hindi", "not_after", "not_before", "joins", "verbs"
    )
)  # fmt: skip
JOINING_SIGNS = frozenset(",/><=&+-–≥≤›→")
ENDS = frozenset('.;:!?)।»”"\n')
COMPARES = frozenset("><=≥≤›→")
QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "‘": "’", "'": "'", "(": ")", "[": "]", "*": "*"}
SKIPPED_AFTER_CUE = frozenset(":(\"“«‘'[*#")

INSIDE = r"[\w\u0900-\u0963\u0970-\u097f]"
TOKEN = re.compile(rf"{INSIDE}+|\n|[^\s]")
SHOUTING, SHOUTING_LETTERS = 0.6, 6


@dataclass(frozen=True)
class _Token:
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def is_word(self) -> bool:
        return re.match(INSIDE, self.text) is not None


NOTHING = _Token(-9, "\n")


def find_mentions(text: str, letters: str, language: str) -> list[tuple[int, str]]:
    """Where the text names one of `letters` (capitals), in the order of the text.

    Pure. `language` is one of the five, the text's own rather than the page's.
    """
    reader = _Reader(text, letters, language)
    return [(reader.tokens[i].start, reader.tokens[i].text.upper()) for i in reader.read()]


class _Reader:
    """One text, cut into words and signs."""

    def __init__(self, text: str, letters: str, language: str) -> None:
        self.tokens = [_Token(found.start(), found[0]) for found in TOKEN.finditer(text)]
        self.letters = letters
        self.words_too = str(WORDS["words_too"].get(language, "AEIOY"))
        self.always_words = str(WORDS["always_words"].get(language, ""))
        self.goes_on = frozenset(WORDS["goes_on"].get(language, "").split())
        self.hindi = language == "hi"
        self.cues_after = CUES_AFTER_HINDI if self.hindi else CUES_AFTER
        self.shouting = _is_shouting(text)

    def read(self) -> list[int]:
        """Places of the tokens that are mentions."""
        places = [i for i in range(len(self.tokens)) if self._may_be(i)]
        found = {i for i in places if self._stands_alone(i)}
        while True:
            joined = {i for i in places if i not in found and self._is_joined(i, found)}
            if not joined:
                return sorted(found)
            found |= joined

    def at(self, i: int) -> _Token:
        return self.tokens[i] if 0 <= i < len(self.tokens) else NOTHING

    def word(self, i: int) -> str:
        return self.at(i).text.casefold()

    def glued(self, i: int) -> bool:
        """Whether token i touches the next one."""
        return self.at(i).end == self.at(i + 1).start

    def is_letter(self, i: int) -> bool:
        text = self.at(i).text
        return len(text) == 1 and text.isascii() and text.upper() in self.letters

    def _may_be(self, i: int) -> bool:
        """A single letter that belongs to no longer thing: C++, U.S., C'est, plan B, 30 °C."""
        if not self.is_letter(i):
            return False
        if self.word(i - 1) in NOT_AFTER or self.word(i + 1) in NOT_BEFORE:
            return False
        if self.word(i - 1).isdigit() and self.at(i).text in "CDF":
            return False
        if "Z" not in self.letters and self.at(i + 2).text == "Z":  # from A to Z
            return False
        return not (self._belongs_to_next(i) or self._belongs_to_previous(i))

    def _belongs_to_next(self, i: int) -> bool:
        sign, after = self.at(i + 1).text, i + 2
        if sign == "." and self._is_initial(i):
            return True
        if not self.glued(i):
            return False
        if sign in {"'", "’"}:
            closes = self.at(i - 1).text in {"'", "‘"}
            possessive = self.glued(i + 1) and self.word(after) == "s" and self.is_capital(i)
            return not (closes or possessive)
        if sign in set("+#°_@%$"):
            return not (sign == "+" and self.is_letter(after))
        if sign == "." and self.glued(i + 1):
            return len(self.at(after).text) == 1 and self.at(after).is_word
        if sign in set("-/&") and self.glued(i + 1):
            twice = self.word(after) == self.word(i)
            tested = self.word(i + 3).startswith("test")
            return not self.is_letter(after) or twice or tested
        return False

    def _belongs_to_previous(self, i: int) -> bool:
        sign, before = self.at(i - 1).text, i - 2
        if i == 0 or not self.glued(i - 1):
            return False
        if sign in {"'", "’"} and self.at(before).is_word and self.glued(before):
            return not self.is_capital(i)  # I'd; but qu'A
        if sign in set("#°_@$"):
            return True
        if sign == "." and self.glued(before):
            return len(self.at(before).text) == 1
        if sign in set("-/&") and self.glued(before):
            twice = self.word(before) == self.word(i)
            return not self.is_letter(before) or twice or self.word(i + 1).startswith("test")
        return False

    def _is_initial(self, i: int) -> bool:
        """The B of "John B. Smith" and of "J. B. Smith"."""
        before, name = self.at(i - 1), self.at(i + 2)
        if not (name.is_word and name.text[0].isupper() and len(name.text) > 1):
            return False
        first_name = (
            len(before.text) > 1
            and before.text[0].isupper()
            and self.word(i - 1) not in CUES
            and not self._starts_sentence(i - 1)
        )
        return first_name or (before.text == "." and len(self.at(i - 2).text) == 1)

    def is_capital(self, i: int) -> bool:
        return self.at(i).text.isupper()

    def _is_word_too(self, i: int) -> bool:
        return self.at(i).text.upper() in self.words_too

    def _stands_alone(self, i: int) -> bool:
        """Whether what is around token i is enough to call it a mention."""
        if not self.is_capital(i):
            return self._is_small_mention(i)
        if not self._is_word_too(i):
            return True
        if self._is_cued(i) or self._is_enclosed(i) or self._is_compared(i):
            return True
        if self.at(i + 1).text in {"'", "’"}:  # what is left of these is possessive
            return True
        if self.hindi and self.word(i + 1) in self.cues_after:
            return True
        return self._is_no_word_here(i)

    def _is_small_mention(self, i: int) -> bool:
        if self._is_compared(i):
            return True
        quoted = self._is_enclosed(i) and self.at(i - 1).text not in set("([*")
        if quoted:
            return True
        if self._is_word_too(i):
            return self._is_cued(i) and self._ends_here(i)
        return self._is_cued(i) or (self.word(i + 1) in self.cues_after and not self.shouting)

    def _is_no_word_here(self, i: int) -> bool:
        """A capital that would be a small word, were it a word: inside a sentence, or before
        what only follows a name."""
        if self.at(i).text in self.always_words:
            return False
        following = self.at(i + 1)
        if not self._starts_sentence(i) and not self.shouting:
            return not (self.at(i - 1).text.istitle() and following.text.istitle())
        if self.hindi and following.is_word and not following.text.isascii():
            return True
        if following.text in {":", ">", "="} or (following.text == "," and self.word(i) == "a"):
            return True
        if self.word(i) == "a" and following.text in {".", "!", "\n"}:
            return True
        return self.word(i) == "a" and self.word(i + 1) in self.goes_on

    def _is_cued(self, i: int) -> bool:
        before = i - 1
        while self.at(before).text in SKIPPED_AFTER_CUE:
            before -= 1
        return self.word(before) in CUES

    def _is_enclosed(self, i: int) -> bool:
        return QUOTES.get(self.at(i - 1).text) == self.at(i + 1).text

    def _is_compared(self, i: int) -> bool:
        """B > c, also where the letter is a word elsewhere."""
        return any(
            self.at(i + step).text in COMPARES and self.is_letter(i + 2 * step) for step in (-1, 1)
        )

    def _ends_here(self, i: int) -> bool:
        after = self.at(i + 1).text
        joins = self._may_join(i + 1) and self.is_letter(i + 2)
        return after in ENDS or self.word(i + 1) in VERBS or joins

    def _is_joined(self, i: int, found: set[int]) -> bool:
        """One of a list: "A, C and D", where another of the list is a mention."""
        if self.at(i).text in self.always_words:
            return False
        if not self.is_capital(i) and self._is_word_too(i) and not self._ends_here(i):
            return False
        return any(self._joins(i, step, found) for step in (-1, 1))

    def _joins(self, i: int, step: int, found: set[int]) -> bool:
        """Whether nothing but signs and words of lists lies between i and a mention alike."""
        for other in range(i + step, i + 4 * step, step):
            if other in found and other != i + step:
                return True
            if not self._may_join(other):
                return False
        return False

    def _may_join(self, i: int) -> bool:
        return self.word(i) in JOINS or self.at(i).text in JOINING_SIGNS

    def _starts_sentence(self, i: int) -> bool:
        before = i - 1
        while self.at(before).text in QUOTES or self.at(before).text in set("-–—•*"):
            before -= 1
        return self.at(before).text in set(".!?…।॥:;\n")


def _is_shouting(text: str) -> bool:
    """Text in capitals, where a capital says nothing."""
    words: list[str] = re.findall(r"[^\W\d_]{2,}", text)
    cased = [char for char in "".join(words) if char.isupper() or char.islower()]
    if len(cased) < SHOUTING_LETTERS:
        return False
    return sum(char.isupper() for char in cased) / len(cased) > SHOUTING

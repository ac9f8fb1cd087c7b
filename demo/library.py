"""The canned texts of the demo provider: what answers what, and what a text is."""

import hashlib
import itertools
import math
import random
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

VOICES = ("traditional", "secular_rational", "survival", "self_expression")
LANGUAGES = ("en", "fr", "it", "pt-br", "hi")
HERE = Path(__file__).parent
# The instruction is in the language of the answer; one frequent word each tells which.
MARKS = {
    "en": "Answer in English",
    "fr": "Répondez en français",
    "it": "Rispondi in italiano",
    "pt-br": "Responda em português",
    "hi": "हिन्दी में",
}
WORDS_MIN, WORDS_MAX = 60, 160
DIMENSIONS = 64
VOICE_WEIGHT, PROMPT_WEIGHT = 0.6, 0.7  # beside 1 for the letters
# Vowel signs are no \w, so a word ends where neither a letter nor such a sign follows.
PART_OF_WORD = r"[\w\u0900-\u0963]"


class Origin(NamedTuple):
    """Which canned text a text is, or is a variation of."""

    group: str
    voice: str


class Library:
    """The canned texts, and which prompt a message is."""

    def __init__(self) -> None:
        self.texts = {code: _read(f"texts/{code}.yaml") for code in LANGUAGES}
        self.poles: dict[str, dict[str, str]] = _read("poles.yaml")
        phrases = _read("phrases.yaml")
        self.closings: dict[str, list[str]] = phrases["closings"]
        self.flags = {
            category: _any_of(itertools.chain.from_iterable(by_language.values()))
            for category, by_language in phrases["moderation"].items()
        }
        study = _read("everyday_questions.yaml")
        self.prompts: dict[str, str] = {
            text.strip(): prompt["key"]
            for prompt in study["pool"]["prompts"]
            for text in prompt["texts"].values()
        }
        self.groups: list[str] = []
        self.known: dict[str, set[Origin]] = {}
        for texts in self.texts.values():
            groups = {**texts["prompts"], **texts["generic"]}
            self.groups = list(groups)
            for group, voices in groups.items():
                for voice, text in voices.items():
                    for sentence in itertools.chain(*sentences(text)):
                        self.known.setdefault(_fold(sentence), set()).add(Origin(group, voice))

    def voices(self, language: str, messages: list[str]) -> dict[str, str]:
        """The five texts (by voice) that answer a conversation's user messages."""
        texts = self.texts[language]
        key = self.prompts.get(messages[0].strip()) if len(messages) == 1 else None
        if key:
            return dict(texts["prompts"][key])
        if len(messages) <= 1:
            return dict(texts["generic"]["opening"])
        return dict(texts["generic"][f"follow_up_{min(len(messages) - 1, 3)}"])

    def steered(self, language: str, system: str) -> list[str]:
        """The voices that a system message asks for with their sentences."""
        system = " ".join(system.split())
        found = {v: system.find(" ".join(s.split())) for v, s in self.poles[language].items()}
        return sorted((v for v, place in found.items() if place >= 0), key=lambda v: found[v])

    def variation(self, language: str, text: str, seed: int) -> str:
        """The text as another draw would have it: the same leaning, a little different."""
        found = variations(text.strip(), tuple(self.closings[language]))
        return found[seed % len(found)]

    def origin(self, text: str) -> Origin | None:
        """The canned text that most of these sentences come from."""
        found = list(itertools.chain(*sentences(text)))
        counts = Counter(
            origin for sentence in found for origin in self.known.get(_fold(sentence), ())
        )
        origin, count = max(counts.items(), key=lambda item: item[1], default=(None, 0))
        return origin if count * 2 > len(found) else None

    def translated(self, text: str, language: str) -> str:
        """The same voice's answer to the same prompt in another language; unknown texts stay."""
        origin = self.origin(text)
        if origin is None:
            return text.strip()
        texts = self.texts[language]
        group = texts["prompts"].get(origin.group) or texts["generic"].get(origin.group)
        return str(group[origin.voice]) if group else text.strip()

    def embedding(self, text: str) -> list[float]:
        """A unit vector: mostly the text's letters, then whose voice and which prompt it is."""
        origin = self.origin(text)
        group = origin.group if origin else self.prompts.get(text.strip())
        voices = [VOICE_WEIGHT * (origin is not None and origin.voice == v) for v in VOICES]
        prompts = [PROMPT_WEIGHT * (group == g) for g in self.groups]
        return _unit([*_letters(text, DIMENSIONS - len(voices) - len(prompts)), *voices, *prompts])

    def flagged(self, text: str) -> list[str]:
        """The categories of which the text holds a word."""
        folded = _fold(text)
        return [category for category, words in self.flags.items() if words.search(folded)]


def sentences(text: str) -> list[list[str]]:
    """The sentences of each paragraph; what is quoted stays with its sentence."""
    paragraphs = []
    for paragraph in filter(str.strip, re.split(r"\n\s*\n", text)):
        found: list[str] = []
        for piece in re.split(r"(?<=[.!?।…\"”»])[ \n]+", paragraph.strip().replace("\n", " ")):
            if found and (piece[0].islower() or not _is_sentence(found[-1])):
                found[-1] += " " + piece
            else:
                found.append(piece)
        paragraphs.append(found)
    return paragraphs


@cache
def variations(text: str, closings: tuple[str, ...]) -> Sequence[str]:
    """All that the text can become by leaving out one or two sentences and closing it.

    The first sentence stays, and so do seven words in ten. The order is by chance but
    always the same, and draws with seeds in a row differ.
    """
    paragraphs = sentences(text)
    places = [(p, s) for p, found in enumerate(paragraphs) for s in range(len(found))][1:]
    kept = []
    for left_out in [*itertools.combinations(places, 1), *itertools.combinations(places, 2)]:
        rest = [
            [sentence for s, sentence in enumerate(found) if (p, s) not in left_out]
            for p, found in enumerate(paragraphs)
        ]
        for closing in ["", *closings]:
            parts = [" ".join(found) for found in rest if found]
            parts[-1] = f"{parts[-1]} {closing}".strip()
            kept.append("\n\n".join(parts))
    least = max(WORDS_MIN, len(text.split()) * 7 // 10)
    fitting = [t for t in kept if least <= len(t.split()) <= WORDS_MAX] or [text]
    random.Random(share(text)).shuffle(fitting)
    return fitting


def share(*what: object) -> float:
    """A number from 0 to 1 that is always the same for the same words."""
    digest = hashlib.sha256(" ".join(str(part) for part in what).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _is_sentence(text: str) -> bool:
    if not re.search(r"[.!?।…]\W{0,2}$", text):
        return False
    pairs = [("“", "”"), ("«", "»"), ("(", ")")]
    return text.count('"') % 2 == 0 and all(text.count(a) == text.count(b) for a, b in pairs)


def _letters(text: str, dimensions: int) -> list[float]:
    """Which three letters follow each other, folded into few numbers."""
    folded = f" {_fold(text)} "
    numbers = [0.0] * dimensions
    for gram in {folded[i : i + 3] for i in range(len(folded) - 2)}:
        place = zlib.crc32(gram.encode())
        numbers[place % dimensions] += 1.0 if place >> 31 else -1.0
    return _unit(numbers)


def _unit(numbers: list[float]) -> list[float]:
    length = math.hypot(*numbers)
    return [n / length for n in numbers] if length else [1.0, *[0.0] * (len(numbers) - 1)]


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _any_of(words: itertools.chain[str]) -> re.Pattern[str]:
    choice = "|".join(re.escape(_fold(word)) for word in words)
    return re.compile(f"(?<!{PART_OF_WORD})(?:{choice})(?!{PART_OF_WORD})")


def _read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))

"""The practice item of a study: one message, answers to put in order, one question."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TRIES = 2


@dataclass(frozen=True)
class Practice:
    """The item as one person reads it: message and answers in the language she works in,
    the question in the language of the pages."""

    message: str
    answers: list[str]
    question: str
    options: list[str]
    right: int
    explanation: str

    @property
    def right_option(self) -> str:
        return self.options[self.right]


def read_practice(definition: Mapping[str, Any], *, language: str, pages: str) -> Practice:
    """The item in two languages; a definition that `find_fault` accepts always has both."""
    options = definition["options"]
    return Practice(
        message=definition["message"][language],
        answers=[answer[language] for answer in definition["answers"]],
        question=definition["question"][pages],
        options=[option["text"][pages] for option in options],
        right=next(place for place, option in enumerate(options) if option["correct"]),
        explanation=definition["explanation"][pages],
    )


def find_fault(definition: Any) -> str:
    """What is wrong with a practice item of a study's file, in one sentence; empty: nothing.

    That each text exists in every language is checked with all other texts of the file.
    """
    if definition == {}:
        return ""
    if not isinstance(definition, Mapping):
        return "The practice item is a mapping of message, answers, question and options."
    parts = ("message", "answers", "question", "options", "explanation")
    missing = [part for part in parts if not definition.get(part)]
    if missing:
        return f"The practice item lacks {', '.join(missing)}."
    texts = [definition[part] for part in ("message", "question", "explanation")]
    answers, options = definition["answers"], definition["options"]
    if not isinstance(answers, list) or not 2 <= len(answers) <= 8:
        return "The practice item needs two to eight answers."
    if not isinstance(options, list) or not all(_is_option(option) for option in options):
        return "Each option of the practice question has a text and says whether it is correct."
    if len(options) < 2 or sum(option["correct"] for option in options) != 1:
        return "The practice question needs several options, exactly one of them correct."
    texts += [*answers, *(option["text"] for option in options)]
    if not all(isinstance(text, Mapping) and "en" in text for text in texts):
        return "Each text of the practice item is a mapping of languages to texts."
    return ""


def _is_option(option: Any) -> bool:
    return (
        isinstance(option, Mapping)
        and set(option) == {"text", "correct"}
        and isinstance(option["correct"], bool)
    )

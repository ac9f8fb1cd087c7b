"""What a text is called on the pages, from its path."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Purpose

PIECE = re.compile(r"(\w+)(?:\[([^\]]*)\])?")
WORDS = {
    "title": gettext_lazy("Title"),
    "summary": gettext_lazy("Invitation"),
    "guidelines": gettext_lazy("Guidelines"),
    "own_prompt_instruction": gettext_lazy("How to open an own conversation"),
    "explanation_question": gettext_lazy("Question after a ranking"),
    "intro": gettext_lazy("Information before the decisions"),
    "text": gettext_lazy("Text"),
    "help": gettext_lazy("Help"),
    "label": gettext_lazy("Label"),
    "message": gettext_lazy("Message"),
    "answers": gettext_lazy("Answer"),
    "question": gettext_lazy("Question"),
    "options": gettext_lazy("Option"),
    "explanation": gettext_lazy("What is said at the end"),
    "statements": gettext_lazy("Statement"),
    "questions": gettext_lazy("Question"),
    "instructions": gettext_lazy("Instruction"),
    "format_instructions": gettext_lazy("Instruction on the form"),
    "poles": gettext_lazy("Pole"),
}

SILENT = {"study", "consent", "instruments", "quota", "closing", "further", "practice", "samplers"}


def label_of(path: str) -> str:
    """Such as "Option female: Label" for …questions[gender].options[female].label."""
    words = []
    for name, named in PIECE.findall(path):
        if name in SILENT:
            continue
        word = str(WORDS.get(name, name))
        item = str(Purpose(named).label) if named in Purpose.values else named
        words.append(f"{word} {_count(item)}" if item else word)
    kept = words[1:] if len(words) > 2 else words
    return ": ".join(kept) or _("Text")


def _count(item: str) -> str:
    """Items without a name are counted from 1."""
    return str(int(item) + 1) if item.isdigit() and len(item) < 3 else item

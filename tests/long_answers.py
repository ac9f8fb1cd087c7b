"""Answers of 300 words each, heavier than real ones: no two words that belong together."""

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from candidates.models import Candidate
from demo.library import Library

WORDS = 300


@cache
def library() -> Library:
    return Library()


def make_answers_long(**of: Any) -> None:
    """Every candidate (or those that `of` filters) gets words of its language, by chance."""
    for candidate in Candidate.objects.filter(**of).select_related("candidate_set"):
        words = list(_words(library().texts[candidate.candidate_set.language]))
        made = random.Random(candidate.pk).sample(words, WORDS)
        paragraphs = (" ".join(made[start : start + 60]) for start in range(0, WORDS, 60))
        Candidate.objects.filter(pk=candidate.pk).update(text="\n\n".join(paragraphs))


def _words(texts: Any) -> Iterator[str]:
    if isinstance(texts, str):
        yield from texts.split()
    else:
        for text in texts.values() if isinstance(texts, dict) else texts:
            yield from _words(text)

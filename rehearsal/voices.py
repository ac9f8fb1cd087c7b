"""Which pole a canned text of the demonstration speaks for: what simulated people react to.

`Candidate.pole` is filled for steered samplers only; the canned texts tell it for all.
"""

from functools import cache, lru_cache

from demo.library import Library
from rehearsal.truth import POLES


class UnknownTextError(ValueError):
    """The text is none of the demonstration's: a rehearsal always uses its provider."""


@lru_cache(maxsize=8192)
def pole_of(text: str) -> str:
    """One of truth.POLES; "" for the default voice. Raises UnknownTextError."""
    origin = _library().origin(text)
    if origin is None:
        raise UnknownTextError("This text is not one of the demonstration provider's.")
    return origin.voice if origin.voice in POLES else ""


@cache
def _library() -> Library:
    return Library()

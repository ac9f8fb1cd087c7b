"""A score from 0 to 100 in words: the person never sees the number."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

HIGHEST = 100
WORDS: tuple[str | Promise, ...] = (
    _("very poor"),
    _("poor"),
    _("fair"),
    _("good"),
    _("very good"),
)


def rating_word(score: int) -> str:
    """The word of a score; each of the words covers an equal part of the scale."""
    return str(WORDS[min(score * len(WORDS) // HIGHEST, len(WORDS) - 1)])

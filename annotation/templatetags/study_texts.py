"""Texts on a page: what a research team wrote, what a model wrote, how long a message is."""

import re
from collections.abc import Hashable
from decimal import Decimal
from functools import lru_cache

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import get_template
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from annotation.forms.rendering import buttons
from annotation.markdown import to_html

register = template.Library()

TWO_NARROW_LINES = 60


@register.simple_tag
def interface_languages() -> list[tuple[str, str]]:
    """Codes and names, each name in its own language: who needs it can read it."""
    return list(settings.LANGUAGES)


@register.filter
def paragraphs(text: str) -> SafeString:
    """Blank lines part paragraphs, **stars** make bold; no other markup is known."""
    blocks = (" ".join(block.split()) for block in re.split(r"\n\s*\n", text.strip()))
    marked = (re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(block)) for block in blocks)
    return mark_safe("".join(f"<p>{block}</p>" for block in marked))  # noqa: S308 (escaped above)


@register.simple_tag
def money(amount: Decimal, currency: str) -> str:
    """An amount as the language of the page writes it: 5,50 EUR; the parts never break apart."""
    return f"{number_format(amount, decimal_pos=2)}\u00a0{currency}"


@register.filter
def markdown(text: str) -> SafeString:
    """What a model wrote: Markdown, of which only harmless tags are left."""
    return to_html(text)


@register.simple_tag
def choice_buttons(field: BoundField, kind: str) -> SafeString:
    return buttons(field, kind)


@register.simple_tag
def said_alike(name: str, **words: Hashable) -> SafeString:
    """A part of a page that says the same to all who read a language and meet these words:
    rendered for the first of them."""
    return _rendered(name, get_language(), tuple(words.items()))


@lru_cache(maxsize=1000)
def _rendered(name: str, language: str, words: tuple[tuple[str, Hashable], ...]) -> SafeString:
    return SafeString(get_template(f"annotation/partials/{name}.html").render(dict(words)))


@register.filter
def is_long(message: str) -> bool:
    """Whether two lines of a narrow phone may be too few for it."""
    return len(message) > TWO_NARROW_LINES or "\n" in message

"""Texts that a research team writes: paragraphs and bold, everything else escaped."""

import re
from decimal import Decimal

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


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

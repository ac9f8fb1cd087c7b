"""What a model wrote, as a page shows it: Markdown with only harmless, modest marks left.

The parser knows no HTML, so that tags in a text stay visible as what they are; whatever it
makes goes through an allow list that knows no addresses, classes or styles. Headings of
every level look the same: no answer may be louder than another.
"""

from collections.abc import Sequence
from functools import lru_cache

import nh3
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    *("p", "br", "hr", "h3", "blockquote", "ul", "ol", "li"),
    *("em", "strong", "s", "code", "pre"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
# A list that starts at 3 says so; nothing else of an attribute is content.
ATTRIBUTES = {"ol": {"start"}}
DEEPEST = 24

_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST}).enable(
    ["table", "strikethrough"]
)
# Four spaces before a verse make no code, and a line of dashes under a sentence no heading.
_parser.disable(["code", "lheading", "reference"])


def to_html(text: str) -> SafeString:
    """Harmless HTML of a text; what is nested deeper than any real text stays unmarked.

    Many people read the same few answers: what was made last is kept for the next one.
    """
    return _scrollable(_harmless(text))


@lru_cache(maxsize=4096)
def _harmless(text: str) -> str:
    tokens = _parser.parse(text)
    if _too_deep(tokens):
        return str(linebreaks(text, autoescape=True))
    for token in tokens:
        _tame(token)
    made = _parser.renderer.render(tokens, _parser.options, {})
    return nh3.clean(made, tags=TAGS, attributes=ATTRIBUTES, link_rel=None, strip_comments=True)


def _too_deep(tokens: Sequence[Token]) -> bool:
    """Whether the parser met its limit, from where on it leaves text out."""
    return any(token.level >= DEEPEST - 2 or _too_deep(token.children or []) for token in tokens)


def _tame(token: Token) -> None:
    """One kind of heading; of a link its words and address, of a picture its words.

    Words after the marks that open a block of code are shown, unless it is one: a language.
    """
    if token.type in {"heading_open", "heading_close"}:
        token.tag = "h3"
    if token.type == "fence" and len(token.info.split()) > 1:
        token.content = f"{token.info.strip()}\n{token.content}"
    if token.type == "inline":
        token.children = _without_addresses(token.children or [])


def _without_addresses(children: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    opened: list[tuple[str, int]] = []
    for child in children:
        if child.type == "link_open":
            opened.append((str(child.attrGet("href") or ""), len(kept)))
        elif child.type == "link_close" and opened:
            address, start = opened.pop()
            words = "".join(token.content for token in kept[start:])
            if child.markup != "autolink" and address not in {"", words}:
                kept.append(_words(f" ({address})"))
        elif child.type == "image":
            kept.append(_words(child.content))
        else:
            kept.append(child)
    return kept


def _words(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _scrollable(html: str) -> SafeString:
    """Tables scroll by themselves, by keyboard too. After cleaning, `<table>` is only a tag."""
    if "<table>" in html:
        label = escape(_("Table"))
        opening = f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        html = html.replace("<table>", f"{opening}<table>")
        html = html.replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 (cleaned above)

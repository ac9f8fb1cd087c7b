"""What a model wrote, as annotators see it: its marks, and nothing that acts, shouts or leaves."""

import re

import pytest
from django.template import Context, Template
from django.utils.translation import override

from annotation.markdown import TAGS, to_html

TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")


def tags(html: str) -> set[str]:
    return {name for _end, name, _rest in TAG.findall(html)}


def test_paragraphs_breaks_emphasis_and_lists_are_shown() -> None:
    html = to_html("One *two* **three**\nfour\n\n- a\n- b\n\n3. c\n4. d")
    assert html == (
        "<p>One <em>two</em> <strong>three</strong><br>\nfour</p>\n"
        "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"
        '<ol start="3">\n<li>c</li>\n<li>d</li>\n</ol>\n'
    )


def test_headings_of_every_level_look_the_same_and_stand_below_the_answers_own() -> None:
    html = to_html("\n\n".join(f"{'#' * level} Title" for level in range(1, 7)))
    assert html.count("<h3>Title</h3>") == 6
    assert tags(html) == {"h3"}


def test_a_line_of_dashes_or_four_spaces_change_no_paragraph() -> None:
    assert tags(to_html("A sentence\n---\nAnother")) == {"p", "hr"}
    assert tags(to_html("    A verse\n    of two lines")) == {"p", "br"}


def test_a_table_scrolls_by_itself_and_keeps_no_style() -> None:
    html = to_html("| a | b |\n|:--|--:|\n| 1 | 2 |")
    assert html.startswith('<div class="scroll" role="region" tabindex="0" aria-label="')
    assert html.rstrip().endswith("</table></div>")
    assert "style" not in html and "<td>1</td>" in html


def test_links_and_pictures_leave_their_words_and_no_address_to_press() -> None:
    html = to_html(
        "[a *page*](https://example.org 'title') and <https://b.example> and ![a cat](https://c.example/x.png)"
    )
    assert html == (
        "<p>a <em>page</em> (https://example.org) and https://b.example and a cat</p>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "Hello <img src=x onerror=alert(1)> you",
        "<svg/onload=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](JaVaScRiPt&colon;alert(1))",
        "[click](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "<!-- a comment --> after",
        "<!--\n# in a comment\n-->",
        "<style>p{display:none}</style>",
        "<div style='position:fixed'>over it all</div>",
        "</div></li></ol><h1>Best answer</h1>",
        "```html onmouseover=alert(1)\n<b class='x'>code</b>\n```",
        "[ref]: javascript:alert(1)\n\n[ref]",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "<table><tr><td>",
        "| a |\n|---|\n| <table onclick=x> |",
        "a\x00b <scr\x00ipt>alert(1)</scr\x00ipt>",
        '<a href="https://x.example" id="conversation" class="answer">x</a>',
        "<input name=place_x value=1>",
    ],
)
def test_nothing_that_acts_is_left(text: str) -> None:
    with override("en"):
        html = to_html(text)
    own = html.replace(
        '<div class="scroll" role="region" tabindex="0" aria-label="Table">', ""
    ).replace("</table></div>", "</table>")
    assert tags(own) <= TAGS
    assert {rest for _end, _name, rest in TAG.findall(own)} <= {""}
    assert "\x00" not in html


def test_what_looks_like_html_stays_readable() -> None:
    assert to_html("Use <b>bold</b> & <!-- so -->") == (
        "<p>Use &lt;b&gt;bold&lt;/b&gt; &amp; &lt;!-- so --&gt;</p>\n"
    )


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "*a ", "[", "![", "**", "`", "~~", "| "])
def test_nesting_without_end_hides_no_word(mark: str) -> None:
    html = to_html(mark * 2000 + "the last words")
    assert "the last words" in html


def test_text_below_the_deepest_list_is_shown_too() -> None:
    text = "\n".join("  " * depth + f"- level {depth}" for depth in range(40))
    html = to_html(text)
    assert all(f"level {depth}" in html for depth in range(40))


def test_every_word_of_a_plain_text_is_kept() -> None:
    text = "पहला **पैरा** है।\nदूसरी पंक्ति।\n\nC’est « l’autre »: 3 < 4 & 5 > 4."
    shown = re.sub(r"<[^>]+>", "", to_html(text))
    assert shown.split() == [
        *["पहला", "पैरा", "है।", "दूसरी", "पंक्ति।"],
        *["C’est", "«", "l’autre", "»:", "3", "&lt;", "4", "&amp;", "5", "&gt;", "4."],
    ]


def test_the_filter_is_there_for_templates() -> None:
    template = Template("{% load study_texts %}{{ text|markdown }}")
    assert template.render(Context({"text": "**a** <i>"})) == (
        "<p><strong>a</strong> &lt;i&gt;</p>\n"
    )

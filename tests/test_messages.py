"""Interface messages: five languages, complete, and nothing on a page outside them."""

import ast
import re
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

from config.messages import LOCALE, find_faults

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("en", "fr", "it", "pt_BR", "hi")
APPS = ("accounts", "candidates", "annotation", "exports", "insights")
CALLS = {"_", "gettext", "gettext_lazy", "pgettext", "ngettext"}
# Text between tags that is not markup, a template tag or punctuation.
GETTEXT = re.compile(r"gettext\(u?(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")")
BARE_TEXT = re.compile(r">([^<>{}]*[A-Za-z]{2,}[^<>{}]*)<")
BARE_ATTRIBUTE = re.compile(r'(?:aria-label|placeholder|title|alt|data-label-[a-z]+)="([^"]*)"')
NOT_TRANSLATED = {"Plurivox", "ms"}


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def used_messages() -> set[str]:
    """Every message that a template or a module asks for."""
    found = set()
    for path in templates():
        calls = templatize(path.read_text("utf-8"), origin=str(path))
        for quoted in GETTEXT.findall(calls):
            found.add(next(filter(None, quoted), ""))
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in CALLS
                    and isinstance(node.args[0], ast.Constant)
                ):
                    found.add(str(node.args[0].value))
    return {ast.literal_eval(f'"""{text}"""') if "\\" in text else text for text in found} - {""}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_missing_fuzzy_or_broken(language: str) -> None:
    assert find_faults(LOCALE / language / "LC_MESSAGES" / "django.po") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_used_message_is_in_the_catalogue(language: str) -> None:
    catalogue = polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))
    known = {entry.msgid for entry in catalogue if not entry.obsolete}
    used = used_messages()
    assert len(used) > 100
    assert used - known == set()


def test_faults_are_found(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    path.write_text(
        'msgid ""\nmsgstr ""\n\nmsgid "a"\nmsgstr ""\n\n#, fuzzy\nmsgid "b"\nmsgstr "b"\n\n'
        'msgid "%(n)s of us"\nmsgstr "%(m)s de nous"\n',
        encoding="utf-8",
    )
    assert find_faults(path) == ["missing: a", "fuzzy: b", "placeholders differ: %(n)s of us"]


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
def test_templates_hold_no_untranslatable_text(path: Path) -> None:
    if path.name in {"400.html", "500.html"}:
        return  # they say the same in all five languages, for when nothing else works
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text("utf-8"), flags=re.S)
    text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", text, flags=re.S)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.S)
    bare = {found.strip(" \n·") for found in BARE_TEXT.findall(text)} - NOT_TRANSLATED
    spoken = {found for found in BARE_ATTRIBUTE.findall(text) if re.search("[A-Za-z]{2}", found)}
    assert bare | spoken == set()

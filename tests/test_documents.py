"""What the documents say is true of the code."""

import re
from pathlib import Path

from django.apps import apps

from demo.provider import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
OURS = {"accounts", "candidates", "annotation", "exports", "insights"}


def documented_columns() -> dict[str, set[str]]:
    """Table name to column names, read off docs/data-dictionary.md."""
    tables: dict[str, set[str]] = {}
    current = ""
    for line in (ROOT / "docs" / "data-dictionary.md").read_text("utf-8").splitlines():
        if heading := re.match(r"### `(\w+)`", line):
            current = heading[1]
            assert current not in tables, f"{current} is there twice"
            tables[current] = set()
        elif current and (row := re.match(r"\| `(\w+)` \|", line)):
            assert row[1] not in tables[current], f"{row[1]} of {current} is there twice"
            tables[current].add(row[1])
    return tables


def real_columns() -> dict[str, set[str]]:
    """The same, off the models; the columns of one text in five languages are one entry."""
    suffixes = tuple("_" + language.replace("-", "_") for language in LANGUAGES)
    tables: dict[str, set[str]] = {}
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model._meta.proxy:
            continue
        names = {str(field.column) for field in model._meta.concrete_fields}
        tables[model._meta.db_table] = {
            name
            for name in names
            if not any(name == f"{base}{s}" for base in names for s in suffixes)
        }
    return tables


def test_the_data_dictionary_names_every_table_and_column() -> None:
    assert documented_columns() == real_columns()


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_setting_is_in_the_example() -> None:
    settings = (ROOT / "config" / "settings.py").read_text("utf-8")
    example = (ROOT / ".env.example").read_text("utf-8")
    names = set(re.findall(r'(?:required|env\.\w+)\(\s*"([A-Z_]+)"', settings))
    assert len(names) > 8
    for name in names:
        assert re.search(rf"^#? ?{name}=", example, flags=re.M), f"{name} is not in .env.example"


def test_no_package_index_is_named() -> None:
    for path in ROOT.glob("requirements*.txt"):
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text())

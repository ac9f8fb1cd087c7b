"""Every format of ours: exported, imported into another study, exported again, and the same.

What differs is what docs/exports/importing.md says is not carried, column by column.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.core.management import call_command
from django.db import transaction

from annotation.models import Study
from exports.containers import Container
from exports.formats import FORMATS
from tests.exports.formats.conftest import Exported
from tests.exports.formats.scene import Scene
from tests.exports.formats.variety import vary

DOCUMENT = Path(__file__).parents[3] / "docs" / "exports" / "importing.md"
Columns = dict[str, Any]
# The files from which each format's rows are made again: one file, or a folder.
SOURCES = {
    "community-alignment": ("community-alignment",),
    "community-alignment-44": ("community-alignment-44",),
    "comparisons": ("comparisons",),
    "comparisons-sheet": ("comparisons-sheet",),
    "rankings": ("rankings", "candidates", "annotators"),
    "preference-pairs": ("conversations", "candidates"),
    "preference-pairs-chosen": ("conversations", "candidates"),
    "conversations": ("conversations",),
    "candidates": ("conversations", "candidates"),
    "annotators": ("conversations", "annotators"),
    "dispositions": ("conversations", "dispositions"),
}


def documented(name: str) -> tuple[set[str], set[str]]:
    """The columns of a format that the document says are not carried, and those in part."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## What is not carried")[2]
    rows = re.findall(rf"^\| `{name}` \|(.*)\|(.*)\|$", text, re.MULTILINE)
    assert len(rows) == 1, f"{name} has not one row in the document"
    lost, partly = (set(re.findall(r"`([^`]+)`", cell)) for cell in rows[0])
    return lost, partly


def columns(row: Columns) -> Columns:
    """By name; what stands in a list inside JSON by its own: `turns.responses.text`."""
    found: Columns = {}
    for name, value in row.items():
        parsed = json.loads(value) if name == "turns" and isinstance(value, str) else value
        if name in {"turns", "responses"} and isinstance(parsed, list):
            for part in parsed:
                inner = columns(part) if isinstance(part, dict) else {"": part}
                for key, one in inner.items():
                    found.setdefault(f"{name}.{key}".rstrip("."), []).append(one)
        else:
            found[name] = parsed
    return found


def differing(before: list[Columns], after: list[Columns]) -> set[str]:
    names = {name for row in (*before, *after) for name in row}
    counted = [{n: Counter(repr(row.get(n)) for row in rows) for n in names}
               for rows in (before, after)]  # fmt: skip
    return {name for name in names if counted[0][name] != counted[1][name]}


def kept(rows: list[Columns], without: set[str]) -> list[str]:
    return sorted(
        repr({name: value for name, value in row.items() if name not in without}) for row in rows
    )


def store(exported: Exported, folder: Path, container: Container, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        exported.rows(name, container)
        (exported.folder / f"{name}.{container}").rename(folder / f"{name}.{container}")
    return [folder / f"{name}.{container}" for name in names]


@pytest.fixture(scope="module")
def varied(scene: Scene, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """The scene, until the end of this file, with rows that differ."""
    with django_db_blocker.unblock(), transaction.atomic():
        vary(scene.study)
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("container", Container)
@pytest.mark.parametrize("name", SOURCES)
def test_what_is_imported_is_exported_again(
    name: str, container: Container, varied: None, exported: Exported, tmp_path: Path
) -> None:
    first = exported.rows(name, container)
    files = store(exported, tmp_path / "out", container, *SOURCES[name])
    path, told = (files[0], name) if len(files) == 1 else (tmp_path / "out", "release")
    call_command("import_dataset", path, format=told, key="again")
    again = exported.rows(name, container, study=Study.objects.get(key="again"))
    before = [columns(row) for row in first if not row.get("left_out")]  # rows without a person
    after = [columns(row) for row in again]
    lost, partly = documented(name)
    assert len(before) > 5
    assert differing(before, after) - partly == lost
    assert kept(before, lost | partly) == kept(after, lost | partly)


def test_every_format_has_its_round_trip() -> None:
    assert set(SOURCES) == set(FORMATS) - {"prism"}  # which no study is written in

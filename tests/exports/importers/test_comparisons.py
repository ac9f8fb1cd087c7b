"""Our own comparisons: exported, imported into another study, exported again, and the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.models import RecruitmentLink, Study
from exports.containers import Container, write
from exports.formats.comparisons import FORMAT
from exports.scope import Scope
from exports.snapshot import snapshot
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

# What the importer says that it does not carry (docs/exports/importing.md).
LOST = {
    *("conversation_id", "annotator_id", "candidate_set_id", "candidate_ids", "chosen_id"),
    *("phase", "place_in_plan", "sitting", "disposition", "set_origin"),
    *("sampler", "sampler_version", "strategy", "endpoint"),
    *("message_language", "message_script", "message_pasted"),
    *("explanation_language", "explanation_script", "explanation_pasted"),
    *("started_at", "shown_at", "submitted_at", "seconds_waited", "seconds_to_judge"),
    *("layout", "viewport", "prompt_version"),
}


def export(study: Study, path: Path, container: Container = Container.JSONL) -> Path:
    with snapshot() as cursor, path.open("wb") as file:
        write(cursor, FORMAT, Scope(study=study, recipient="researchers"), container, file)
    return path


def comparable(path: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [{key: value for key, value in row.items() if key not in LOST} for row in rows]
    return sorted(kept, key=lambda row: json.dumps(row, sort_keys=True))


def people_of(path: Path) -> list[list[str]]:
    people: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        people.setdefault(row["annotator_id"], []).append(row["message"])
    return sorted(sorted(messages) for messages in people.values())


@pytest.fixture
def exported(link: RecruitmentLink, tmp_path: Path) -> Path:
    for _person in range(2):
        walker = Walker(link)
        walker.enter()
        walker.finish()
    return export(link.study, tmp_path / "comparisons.jsonl")


def test_an_export_that_is_imported_is_exported_the_same(exported: Path, tmp_path: Path) -> None:
    call_command("import_dataset", exported, format="comparisons", key="again")
    again = export(Study.objects.get(key="again"), tmp_path / "again.jsonl")
    assert comparable(again) == comparable(exported)
    assert people_of(again) == people_of(exported)
    assert len(comparable(exported)) > 6


@pytest.mark.parametrize("container", [Container.JSONL_GZ, Container.JSONL_ZST])
def test_compressed_exports_are_read_too(
    exported: Path, link: RecruitmentLink, tmp_path: Path, container: Container
) -> None:
    packed = export(link.study, tmp_path / f"packed.{container}", container)
    call_command("import_dataset", packed, format="comparisons", key="packed")
    again = export(Study.objects.get(key="packed"), tmp_path / "again.jsonl")
    assert comparable(again) == comparable(exported)


def test_a_file_that_lost_a_line_is_refused_whole(exported: Path) -> None:
    lines = exported.read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if json.loads(line)["turn"] == 1)
    exported.write_text("".join(lines[:at] + lines[at + 1 :]))
    with pytest.raises(CommandError, match="missing or out of order"):
        call_command("import_dataset", exported, format="comparisons", key="lost")
    assert not Study.objects.filter(key="lost").exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b'{"turn": 1}\n', "no row of the format"), (b"{", "not JSON"), (b"\xff\n", "not UTF-8")],
)
def test_another_file_is_refused_in_one_sentence(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("import_dataset", path, format="comparisons", check=True)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.jsonl"):
        call_command("import_dataset", tmp_path / "nowhere.jsonl", format="comparisons", check=True)

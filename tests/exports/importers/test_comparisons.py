"""Our own comparisons: who judged what with whom is kept, and a broken file is refused whole.

That each column comes back is tested for every format in formats/test_round_trips.py.
"""

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from annotation.models import RecruitmentLink, Study
from exports.containers import Container, write
from exports.formats.comparisons import FORMAT
from exports.scope import Scope
from exports.snapshot import snapshot
from tests.kept_rows import empty_database
from tests.made_once import Once
from tests.walker import finished

pytestmark = pytest.mark.django_db(transaction=True)


def export(study: Study, path: Path) -> Path:
    with snapshot() as cursor, path.open("wb") as file:
        write(cursor, FORMAT, Scope(study=study, recipient="researchers"), Container.JSONL, file)
    return path


def people_of(path: Path) -> list[list[str]]:
    people: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        people.setdefault(row["annotator_id"], []).append(row["message"])
    return sorted(sorted(messages) for messages in people.values())


def judges_of(path: Path) -> list[int]:
    """People per candidate set that somebody judged, whatever order each saw it in."""
    people: dict[str, set[str]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        people.setdefault(row["candidate_set_id"], set()).add(row["annotator_id"])
    return sorted(map(len, people.values()))


@pytest.fixture
def exported(once: Once, link: RecruitmentLink, tmp_path: Path) -> Path:
    once(two_who_finished, link)
    return export(link.study, tmp_path / "comparisons.jsonl")


def two_who_finished(link: RecruitmentLink) -> None:
    for _person in range(2):
        finished(link)


def test_who_judged_with_whom_stays_so_in_a_fresh_database(exported: Path, tmp_path: Path) -> None:
    empty_database()
    call_command("import_dataset", exported, format="comparisons", key="again")
    again = export(Study.objects.get(key="again"), tmp_path / "again.jsonl")
    assert people_of(again) == people_of(exported)
    assert judges_of(again) == judges_of(exported)
    assert max(judges_of(exported)) > 1


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

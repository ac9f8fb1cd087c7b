"""Files in the layout of Community Alignment: read, checked, stored, and written again."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from annotation.models import Conversation, Explanation, Grant, RankedCandidate, Slot, Study
from candidates.models import CandidateSet
from exports.containers import stream_csv
from exports.formats.community_alignment import FORMAT
from exports.importers import community_alignment as ca
from exports.importers.records import Tally
from exports.scope import Scope
from exports.snapshot import snapshot
from tests.exports.importers.ca_rows import dialogue_rows, row, turn, write

pytestmark = pytest.mark.django_db(transaction=True)
RECOMPUTED = {"conversation_id", "annotator_id", "in_balanced_subset", "in_balanced_subset_10"}


def exported(study: Study) -> list[dict[str, str]]:
    with snapshot() as cursor:
        text = b"".join(stream_csv(cursor, FORMAT, Scope(study=study, recipient="researchers")))
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def comparable(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Without ids, which are new in every database, and flags, which are computed anew."""
    kept = [{k: v for k, v in item.items() if k not in RECOMPUTED} for item in rows]
    return sorted(kept, key=lambda item: (item["first_turn_prompt"], item["annotator_age"]))


def grouping(rows: list[dict[str, str]]) -> list[list[str]]:
    """Which conversations are one person's, told by their first messages."""
    people: dict[str, list[str]] = {}
    for item in rows:
        people.setdefault(item["annotator_id"], []).append(item["first_turn_prompt"])
    return sorted(sorted(prompts) for prompts in people.values())


def test_what_is_imported_is_exported_again_word_for_word(
    empty_database: None, tmp_path: Path
) -> None:
    path = write(tmp_path / "ca.csv", dialogue_rows())
    call_command("import_dataset", path, format="community-alignment", key="round")
    rows = exported(Study.objects.get(key="round"))
    assert comparable(rows) == comparable(dialogue_rows())
    assert grouping(rows) == grouping(dialogue_rows())


def test_a_second_round_changes_nothing_either(empty_database: None, tmp_path: Path) -> None:
    write(tmp_path / "one.csv", dialogue_rows())
    call_command("import_dataset", tmp_path / "one.csv", format="community-alignment", key="one")
    write(tmp_path / "two.csv", exported(Study.objects.get(key="one")))
    call_command("import_dataset", tmp_path / "two.csv", format="community-alignment", key="two")
    first, second = (exported(Study.objects.get(key=key)) for key in ("one", "two"))
    assert comparable(first) == comparable(second)


def test_people_who_saw_the_same_texts_share_a_set_and_fill_its_places(
    empty_database: None, tmp_path: Path
) -> None:
    path = write(tmp_path / "ca.csv", dialogue_rows())
    call_command("import_dataset", path, format="community-alignment", key="shared")
    shared = CandidateSet.objects.get(prompt_text__text="Que faire ce soir ?")
    assert shared.turns.count() == 2
    assert Slot.objects.filter(candidate_set=shared, status="done").count() == 2
    assert RankedCandidate.objects.filter(rank=1).count() == 8
    assert Explanation.objects.count() == 2


def test_a_person_who_met_a_prompt_twice_counts_once(empty_database: None, tmp_path: Path) -> None:
    path = write(tmp_path / "ca.csv", [row(1), row(2)])
    call_command("import_dataset", path, format="community-alignment", key="twice")
    assert list(Grant.objects.order_by("occasion").values_list("occasion", flat=True)) == [0, 1]
    assert Slot.objects.filter(status="done").count() == 1


def test_the_layout_without_a_wave_is_read(empty_database: None, tmp_path: Path) -> None:
    path = write(tmp_path / "ca.csv", dialogue_rows()[:2], ca.WITHOUT_WAVE)
    call_command("import_dataset", path, format="community-alignment", key="old")
    assert [item["wave"] for item in exported(Study.objects.get(key="old"))] == ["1", "1"]


def test_the_longest_usable_beginning_of_a_conversation_is_kept() -> None:
    rows = [
        row(1, turn("first", "un"), turn("second", "deux", ""), turn("third", "trois")),
        row(2, turn("first", "un", response_a="EMPTY STRING")),
        row(3, turn("first", "un", "b", response_a="")),
        row(4, **{"annotator_country": "atlantis"}),
    ]
    tally = Tally()
    dialogues = list(ca.read_dialogues(rows, tally))
    assert [(item.key, len(item.turns)) for item in dialogues] == [("1", 1), ("3", 1)]
    assert [response.position for response in dialogues[1].turns[0].responses] == [1, 2, 3]
    assert (tally.rows, tally.rows_left_out, tally.turns_left_out) == (4, 2, 3)


FAULTS: dict[str, Callable[[], list[dict[str, str]]]] = {
    "unique_conversation": lambda: [row(1), row(1)],
    "never_empty": lambda: [row(1, annotator_id="")],
    "known_language": lambda: [row(1, assigned_lang="de")],
    "country_and_language": lambda: [row(1, assigned_lang="hi")],
    "flags": lambda: [row(1, in_balanced_subset="perhaps")],
    "balanced": lambda: [row(1, in_balanced_subset_10="True")],
    "contiguous": lambda: [row(1, turn("first", "un"), turn("third", "trois"))],
    "four_candidates": lambda: [row(1, turn("first", "un", "b", response_d=""))],
    "a_choice": lambda: [row(1, turn("first", "un", preferred_response=""))],
    "known_choice": lambda: [row(1, turn("first", "un", preferred_response="response_e"))],
    "choice_has_text": lambda: [row(1, turn("first", "un", "a", response_a="EMPTY STRING"))],
    "constant_person": lambda: [row(1), row(2, annotator_age="18-34")],
}


@pytest.mark.parametrize("rule", FAULTS)
def test_the_validator_names_the_rule_that_a_row_breaks(rule: str) -> None:
    assert rule in {problem.rule for problem in ca.find_problems(FAULTS[rule]())}


def test_the_validator_has_nothing_to_say_about_a_sound_file() -> None:
    assert list(ca.find_problems(dialogue_rows())) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'"conversation_id"\n"1"\n', "lacks these columns"),
        (b"\xff\xfe", "not UTF-8"),
        (b"", "lacks these columns"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_one_sentence(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        call_command("import_dataset", path, format="community-alignment", key="other")


def test_a_line_that_is_cut_leaves_nothing_behind(empty_database: None, tmp_path: Path) -> None:
    path = write(tmp_path / "cut.csv", dialogue_rows())
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(CommandError, match=r"Line \d+"):
        call_command("import_dataset", path, format="community-alignment", key="cut")
    assert not Study.objects.filter(key="cut").exists()
    assert not Conversation.objects.exists()


def test_nothing_is_merged_into_a_study_that_exists(empty_database: None, tmp_path: Path) -> None:
    path = write(tmp_path / "ca.csv", dialogue_rows())
    options: dict[str, Any] = {"format": "community-alignment", "key": "same"}
    call_command("import_dataset", path, **options)
    with pytest.raises(CommandError, match="another key"):
        call_command("import_dataset", path, **options)


def test_a_row_with_another_number_of_values_is_told_by_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "ca.csv", dialogue_rows()[:1])
    with path.open("a") as file:
        file.write('"5","fr"\n')
    with path.open(newline="") as file, pytest.raises(ValidationError, match="another number"):
        list(ca.read_rows(file))

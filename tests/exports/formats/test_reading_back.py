"""Exports of ours read back: folders whose files complete each other, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Consent, Purpose
from annotation.models import Conversation, Slot, Study
from candidates.models import Candidate, CandidateSet, Generation, ModelEndpoint, Sampler
from exports.containers import Container
from exports.formats import FORMATS
from exports.importers.tables import find_tables
from tests.exports.formats.conftest import Exported

READ = [name for name in FORMATS if name != "prism"]
ALONE = ("preference-pairs", "preference-pairs-chosen", "candidates", "annotators",
         "dispositions", "rankings")  # fmt: skip
Change = Callable[[dict[str, Any]], dict[str, Any]]


def store(exported: Exported, name: str, folder: Path, change: Change = dict) -> Path:
    """A format's JSON Lines in a folder, each row as `change` makes it."""
    exported.rows(name)
    lines = (exported.folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jsonl"
    changed = [json.dumps(change(json.loads(line))) for line in lines]
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    return path


def import_folder(folder: Path, key: str = "again") -> Study:
    call_command("import_dataset", folder, format="release", key=key)
    return Study.objects.get(key=key)


@pytest.mark.parametrize("name", ALONE)
def test_a_file_that_is_no_study_alone_is_refused_with_what_to_do(
    name: str, exported: Exported, tmp_path: Path
) -> None:
    path = store(exported, name, tmp_path / "out")
    with pytest.raises(CommandError, match=r"import (the folder with|conversations or)"):
        call_command("import_dataset", path, format=name, key="again")
    assert not Study.objects.filter(key="again").exists()


@pytest.mark.parametrize("name", READ)
def test_every_export_of_ours_passes_its_check(
    name: str, exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = store(exported, name, tmp_path / "out")
    call_command("import_dataset", path, format=name, check=True)
    assert "No problem found" in capsys.readouterr().out


def test_a_check_names_the_rule_the_file_and_the_row(
    exported: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = store(exported, "preference-pairs", tmp_path / "out", lambda row: row | {"basis": None})
    with pytest.raises(CommandError, match="problems found"):
        call_command("import_dataset", path, format="preference-pairs", check=True)
    assert "preference-pairs.jsonl, row 1: basis is missing. [required]" in capsys.readouterr().out


def test_a_release_is_found_by_its_names_and_so_are_exports(
    exported: Exported, tmp_path: Path
) -> None:
    store(exported, "conversations", tmp_path / "release" / "data")
    assert list(find_tables(tmp_path / "release")) == ["conversations"]
    for name in ("comparisons-sheet", "preference-pairs-chosen", "community-alignment-44"):
        (tmp_path / "release" / "data" / f"what-leaves-{name}.k2jd73ha.jsonl.zst").touch()
    (tmp_path / "release" / "data" / "README.md").touch()
    (tmp_path / "release" / "data" / "notes.csv").touch()
    assert set(find_tables(tmp_path / "release" / "data")) == {
        "conversations",
        "comparisons-sheet",
        "preference-pairs-chosen",
        "community-alignment-44",
    }


def test_exports_of_two_studies_are_not_mixed(exported: Exported, tmp_path: Path) -> None:
    path = store(exported, "conversations", tmp_path / "out")
    path.rename(path.with_name("one-conversations.k2jd73ha.jsonl"))
    path = store(exported, "annotators", tmp_path / "out")
    path.rename(path.with_name("two-annotators.k2jd73hb.jsonl"))
    with pytest.raises(CommandError, match=r"several studies \(one, two\)"):
        import_folder(tmp_path / "out")
    assert not Study.objects.filter(key="again").exists()


def test_a_folder_without_our_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no export of ours"):
        import_folder(tmp_path)
    with pytest.raises(CommandError, match="nowhere"):
        import_folder(tmp_path / "nowhere")


def test_files_of_a_folder_complete_each_other(exported: Exported, tmp_path: Path) -> None:
    for name in ("conversations", "candidates", "annotators", "dispositions"):
        store(exported, name, tmp_path / "out")
    study, before = import_folder(tmp_path / "out"), exported.scene.study
    for wanted in (study, before):
        assert wanted.status  # both are there
    refused = Generation.objects.filter(candidate_set__status="refused")
    assert refused.filter(candidate_set__sampler__in=_arms(study)).exists()
    done = [
        sorted(
            Slot.objects.filter(locale__study=one, status="done", holder__withdrawn_at=None)
            .values_list("candidate_set__prompt_text__prompt__key", flat=True)
        )
        for one in (before, study)
    ]  # fmt: skip
    assert done[0] == done[1] != []
    unfinished = Conversation.objects.filter(participation__study=study).exclude(status="finished")
    assert set(unfinished.values_list("status", flat=True)) == {"skipped", "open"}


def _arms(study: Study) -> list[Sampler]:
    return [*study.arms(), study.live_sampler]


def test_what_is_imported_is_neither_asked_again_nor_taken_for_what_is_here(
    exported: Exported, tmp_path: Path
) -> None:
    """No set is due to be generated, and samplers and endpoints have keys of their own."""
    due = set(CandidateSet.objects.due().values_list("pk", flat=True))
    keys = set(Sampler.objects.values_list("key", flat=True))
    endpoints = set(ModelEndpoint.objects.values_list("key", flat=True))
    for name in ("conversations", "candidates"):
        store(exported, name, tmp_path / "out")
    import_folder(tmp_path / "out")
    assert set(CandidateSet.objects.due().values_list("pk", flat=True)) == due
    for model, known in ((Sampler, keys), (ModelEndpoint, endpoints)):
        new = set(model.objects.values_list("key", flat=True)) - known
        assert new and all(key.startswith("imported-") for key in new)


def test_a_translated_set_keeps_what_it_translates(exported: Exported, tmp_path: Path) -> None:
    for name in ("conversations", "candidates"):
        path = store(exported, name, tmp_path / "out")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    native = next(row["candidate_set_id"] for row in rows if row["prompt_key"])
    translated = [
        row | {"candidate_set_id": f"{native[:-1]}x", "parallel_to": native, "language": "it",
               "candidate_id": f"{row['candidate_id']}x", "translated_from": row["candidate_id"],
               "stage": "reviewed"}
        for row in rows if row["candidate_set_id"] == native and row["candidate_id"]
    ]  # fmt: skip
    path.write_text("\n".join(json.dumps(row) for row in [*translated, *rows]), encoding="utf-8")
    import_folder(tmp_path / "out")
    made = Candidate.objects.filter(stage="reviewed").select_related("translated_from")
    assert made.count() == len(translated) > 1
    for candidate in made:
        assert candidate.translated_from
        assert candidate.text == candidate.translated_from.text
        assert candidate.candidate_set.parallel_to_id == candidate.translated_from.candidate_set_id


def test_whose_words_stayed_away_is_known_again(exported: Exported, tmp_path: Path) -> None:
    words = Purpose.RELEASE_FREE_TEXT
    person = exported.participation("whole")
    Consent.objects.filter(annotator=person.annotator, purpose=words).update(given=False)
    first = exported.rows("conversations", free_text_purpose=words)
    path = exported.folder / "conversations.jsonl"
    call_command("import_dataset", path, format="conversations", key="again")
    study = Study.objects.get(key="again")
    again = exported.rows("conversations", free_text_purpose=words, study=study)
    withheld = [sum(row["words_withheld"] for row in rows) for rows in (first, again)]
    assert withheld[0] == withheld[1] > 0


def unranked(turns: str) -> str:
    """The same turns with a word where a rank should stand."""
    found = json.loads(turns)
    for response in (one for turn in found for one in turn["responses"]):
        response["rank"] = "first"
    return json.dumps(found)


def test_a_translation_of_nothing_is_refused(exported: Exported, tmp_path: Path) -> None:
    store(exported, "conversations", tmp_path / "out")
    strange = {"translated_from": "nowhere"}
    store(
        exported,
        "candidates",
        tmp_path / "out",
        lambda row: row | (strange if row["candidate_id"] else {}),
    )
    with pytest.raises(CommandError, match="translates one that is not in the set"):
        import_folder(tmp_path / "out")


@pytest.mark.parametrize("judged", ["conversations", "rankings"])
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"context": []}, "lacks its context"),
        ({"context": [{}]}, "row 1 is no row"),
        ({"context": [{"role": "user"}]}, "row 1 is no row"),
        ({"call_id": ""}, "lacks its context, or one of its candidates a column"),
        ({"candidate_id": ""}, "lacks its context, or one of its candidates a column"),
    ],
)
def test_a_set_that_was_changed_by_hand_and_lacks_something_is_refused_in_one_sentence(
    judged: str, changed: dict[str, Any], sentence: str, exported: Exported, tmp_path: Path
) -> None:
    store(exported, judged, tmp_path / "out")
    store(exported, "candidates", tmp_path / "out", lambda row: row | changed)
    with pytest.raises(CommandError, match=sentence):
        import_folder(tmp_path / "out")
    assert not Study.objects.filter(key="again").exists()


LONG = "x" * 300
FAULTS: dict[str, tuple[str, Change, str]] = {
    "too long": ("comparisons", lambda row: row | {"prompt_key": LONG}, "Nothing was stored"),
    "too large": ("comparisons", lambda row: row | {"wave": 10**12}, "Nothing was stored"),
    "a short list": ("comparisons", lambda row: row | {"ranks": [1]}, "missing or too short"),
    "no list": ("comparisons", lambda row: row | {"scores": None}, "scores is missing"),
    "wrong type": ("comparisons", lambda row: row | {"turn": "1"}, "row 1 is no row"),
    "unknown code": ("comparisons", lambda row: row | {"mode": "guess"}, "not in the codebook"),
    "half a character": (
        "comparisons", lambda row: row | {"message": "a\ud800"}, r"row 1 holds a character"),
    "a zero": ("comparisons", lambda row: row | {"reason": "a\0"}, r"row 1 holds a character"),
    "half a character inside": (
        "conversations",
        lambda row: row | {"turns": row["turns"].replace('"message" : "', '"message" : "\\ud800')
                           if isinstance(row["turns"], str) else row["turns"]},
        "holds a character that cannot be stored"),
    "other turns": ("conversations", lambda row: row | {"turns": '[{"turn": 1}]'}, "turns are not"),
    "no number": ("conversations", lambda row: row | {"turns": unranked(row["turns"])},
                  "Nothing was stored"),
    "no turns": ("conversations", lambda row: row | {"turns": "{"}, "no row of the format"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_row_that_cannot_be_stored_is_one_sentence_and_stores_nothing(
    fault: str, exported: Exported, tmp_path: Path
) -> None:
    name, change, sentence = FAULTS[fault]
    path = store(exported, name, tmp_path / "out", change)
    with pytest.raises(CommandError, match=sentence):
        call_command("import_dataset", path, format=name, key="again")
    assert not Study.objects.filter(key="again").exists()


@pytest.mark.parametrize("name", ["prism", "community-alignment"])
def test_published_files_are_refused_as_clearly(name: str, db: None, tmp_path: Path) -> None:
    (tmp_path / "survey.jsonl").write_text(r'{"user_id": "a\ud800"}' + "\n")
    wide = tmp_path / "wide.csv"
    names = FORMATS["community-alignment"].names
    wide.write_text(",".join(names) + "\n" + ",".join("\0" for _name in names) + "\n")
    with pytest.raises(CommandError, match=r"ine (1|2) holds a character that cannot be stored"):
        path = tmp_path if name == "prism" else wide
        call_command("import_dataset", path, format=name, key="again")


@pytest.mark.parametrize(
    ("key", "title"), [("a\udc80", ""), ("again", "a\0"), ("x" * 51, ""), ("every day/2", "")]
)
def test_a_key_or_title_that_cannot_be_stored_is_refused(
    key: str, title: str, exported: Exported, tmp_path: Path
) -> None:
    path = store(exported, "conversations", tmp_path / "out")
    with pytest.raises(CommandError, match=r"cannot be stored|fits no study|is too long"):
        call_command("import_dataset", path, format="conversations", key=key, title=title)
    assert not Study.objects.filter(key=key.replace("\udc80", "")).exists()


def test_the_longest_keys_name_studies_that_begin_alike(exported: Exported, tmp_path: Path) -> None:
    path = store(exported, "conversations", tmp_path / "out")
    for key in ("x" * 49 + "1", "x" * 49 + "2"):
        call_command("import_dataset", path, format="conversations", key=key)
    vendors = Study.objects.filter(key__startswith="xxx").values_list(
        "participations__annotator__vendor", flat=True
    )
    assert len(set(vendors)) == 2


@pytest.mark.parametrize("container", Container)
def test_a_file_that_is_cut_is_refused_in_one_sentence(
    container: Container, exported: Exported, tmp_path: Path
) -> None:
    exported.rows("conversations", container)
    path = exported.folder / f"conversations.{container}"
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(CommandError, match=r"cut|cannot be read|no row of the format"):
        call_command("import_dataset", path, format="conversations", key="again")
    assert not Study.objects.filter(key="again").exists()


def test_a_file_is_told_by_the_end_of_its_name(exported: Exported, tmp_path: Path) -> None:
    path = store(exported, "conversations", tmp_path / "out")
    with pytest.raises(CommandError, match=r"has to end in one of \.csv"):
        call_command("import_dataset", path.rename(path.with_suffix(".txt")),
                     format="conversations", key="again")  # fmt: skip

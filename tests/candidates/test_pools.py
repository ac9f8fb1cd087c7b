"""Prompt pools go in and out of files, whole or not at all."""

import builtins
import csv
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from candidates.models import Prompt, PromptPool, PromptText
from candidates.pools.gaps import find_gaps
from candidates.pools.reading import read_pool
from candidates.pools.rows import PromptRow, rows_of
from candidates.pools.writing import to_csv, to_jsonl

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _name in settings.LANGUAGES]
POOL = """key,language,text,version,topics,translated_from,stage
tea,en,"Tea, or
coffee?",,drinks;home,,reviewed
tea,fr,Thé ou café ?,1,,en,
walk,en,Where to walk?,2,,,
"""
TEA = ("drinks", "home")
ROWS = [
    PromptRow("tea", "en", "Tea, or\ncoffee?", topics=TEA, stage="reviewed"),
    PromptRow("tea", "fr", "Thé ou café ?", translated_from="en"),
    PromptRow("walk", "en", "Where to walk?", version=2),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def imported(path: Path, pool: str = "mine") -> PromptPool:
    call_command("import_prompts", str(path), pool=pool)
    return PromptPool.objects.get(key=pool)


def save_to_disk(path: Path, records: list[dict[str, Any]]) -> Path:
    """What Dataset.save_to_disk of datasets 5.2 writes, in two shards."""
    path.mkdir(parents=True)
    names = ["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"]
    table = pyarrow.Table.from_pylist(records)
    for name, part in zip(names, (table.slice(0, 1), table.slice(1)), strict=True):
        with pyarrow.ipc.new_stream(str(path / name), table.schema) as stream:
            stream.write_table(part)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (path / "state.json").write_text(json.dumps(state))
    (path / "dataset_info.json").write_text("{}")
    return path


def as_records() -> list[dict[str, Any]]:
    return [
        {
            "key": row.key,
            "language": row.language,
            "text": row.text,
            "version": float(row.version),
            "topics": list(row.topics) or None,
            "translated_from": row.translated_from or None,
            "stage": row.stage or None,
        }
        for row in ROWS
    ]


def test_a_csv_file_is_read_with_line_breaks_in_texts(folder: Path) -> None:
    rows = read_pool(written(folder / "p.csv", POOL), languages=LANGUAGES)
    assert rows == ROWS
    assert [row.place for row in rows] == ["line 2", "line 4", "line 5"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_spreadsheets_write_is_read(folder: Path, delimiter: str) -> None:
    path = folder / "p.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(csv.reader(POOL.splitlines(True)))
    assert read_pool(path, languages=LANGUAGES) == ROWS


def test_a_jsonl_file_is_read(folder: Path) -> None:
    lines = [json.dumps({**record, "version": 1}) for record in as_records()[:2]]
    path = written(folder / "p.jsonl", "\n\n".join(lines))
    rows = read_pool(path, languages=LANGUAGES)
    assert rows == ROWS[:2]
    assert [row.place for row in rows] == ["line 1", "line 3"]


def test_a_datasets_folder_is_read_with_every_shard_and_split(folder: Path) -> None:
    single = save_to_disk(folder / "single", as_records())
    rows = read_pool(single, languages=LANGUAGES)
    assert rows == ROWS
    assert [row.place for row in rows] == ["row 1", "row 2", "row 3"]
    save_to_disk(folder / "both" / "train", as_records()[:2])
    save_to_disk(folder / "both" / "test", as_records()[2:])
    written(folder / "both" / "dataset_dict.json", '{"splits": ["train", "test"]}')
    rows = read_pool(folder / "both", languages=LANGUAGES)
    assert rows == ROWS
    assert rows[-1].place == "row 1 of test"


def test_without_pyarrow_one_sentence_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_to_disk(folder / "p", as_records())
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValidationError, match="pip install pyarrow"):
        read_pool(path, languages=LANGUAGES)


HEADER = "key,language,text\n"
BAD = [
    ("p.csv", "key,language\na,en\n", 'line 1: the column "text" is missing'),
    ("p.csv", "key,language,text,topic\n", 'line 1: the column "topic" is not one of'),
    ("p.csv", "key,language,text,key\n", 'line 1: the column "key" is there twice'),
    ("p.csv", HEADER + "a,en,Hm?\na,de,Hm?\n", "line 3: the language 'de' is not one of en, fr"),
    ("p.csv", HEADER + 'a,en,"H\nm"\na,fr, \n', "line 4: the text of a in fr is empty"),
    ("p.csv", HEADER + "a,en\n", "line 2: the text of a in en is empty"),
    ("p.csv", HEADER + "\na,en,Hm?\na,EN,Hm?\n", "line 4: a in en is a duplicate of line 3"),
    ("p.csv", HEADER + "a,en,Yes, or no?\n", "line 2: 4 cells, but 3 columns"),
    ("p.csv", HEADER + 'a,en,"Hm?\n', "line 2: this is not CSV"),
    ("p.csv", HEADER + "a b,en,Hm?\n", "line 2: the key 'a b' is not"),
    ("p.csv", HEADER + "a,en,Hm\0?\n", 'line 2: "text" holds a character that cannot be stored'),
    ("p.csv", HEADER + "a,en,caf\xe9\n", "line 2: the text is not UTF-8"),
    ("p.csv", "", "there is no prompt in it"),
    ("p.csv", HEADER, "there is no prompt in it"),
    ("p.csv", "key,language,text,version\na,en,Hm?,0\n", "line 2: the version '0' is not"),
    ("p.csv", "key,language,text,stage\na,en,Hm?,done\n", "line 2: the stage 'done' is not one"),
    (
        "p.csv",
        "key,language,text,translated_from\na,en,Hm?,en\n",
        "line 2: a in en is translated from itself",
    ),
    (
        "p.csv",
        "key,language,text,translated_from\na,it,Eh?,en\n",
        "line 2: a in it is translated from en version 1, which is neither in the file nor stored",
    ),
    (
        "p.csv",
        "key,language,text,topics\na,en,Hm?,x\na,fr,Eh ?,y\n",
        "line 3: the topics of a differ from line 2",
    ),
    ("p.jsonl", "\n{nope\n", "line 2: this is not JSON"),
    ("p.jsonl", "[" * 100_000, "line 1: this is not JSON"),
    ("p.jsonl", '["a"]', "line 1: this is not a JSON object"),
    ("p.jsonl", '{"key": "a", "language": "en"}', 'line 1: the column "text" is missing'),
    ("p.jsonl", '{"key": "a", "language": "en", "text": 3}', 'line 1: "text" is not a text'),
    (
        "p.jsonl",
        '{"key": "a", "language": "en", "text": "\\ud800"}',
        'line 1: "text" holds a character',
    ),
    ("p.jsonl", '{"key": "a", "language": "en", "text": "a", "version": true}', '"version" is not'),
    ("p.jsonl", '{"key": "a", "language": "en", "text": "a", "version": 1.5}', "version '1.5'"),
    ("p.xlsx", "PK", "a pool is a .csv or .jsonl file, or a datasets folder"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD)
def test_a_bad_file_gets_one_sentence_and_changes_nothing(
    folder: Path, name: str, content: str, words: str
) -> None:
    raw = content.encode("latin-1") if "\xe9" in content else content.encode()
    path = written(folder / name, raw)
    before = PromptText.objects.count()
    with pytest.raises(CommandError) as caught:
        call_command("import_prompts", str(path), pool="mine")
    sentence = str(caught.value)
    assert words in sentence
    assert sentence.startswith(f"{path}: ")
    assert "\n" not in sentence
    assert PromptText.objects.count() == before
    assert not PromptPool.objects.filter(key="mine").exists()


def test_a_file_or_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv cannot be read: No such file"):
        call_command("import_prompts", str(folder / "none.csv"), pool="mine")
    with pytest.raises(CommandError, match=r"not one that datasets saved"):
        call_command("import_prompts", str(folder), pool="mine")
    broken = save_to_disk(folder / "broken", as_records())
    written(broken / "data-00001-of-00002.arrow", b"rubbish")
    with pytest.raises(CommandError, match=r"data-00001-of-00002\.arrow cannot be read as Arrow"):
        call_command("import_prompts", str(broken), pool="mine")
    written(broken / "state.json", "{}")
    with pytest.raises(CommandError, match=r"state\.json is not as datasets writes it"):
        call_command("import_prompts", str(broken), pool="mine")
    for key in ("my pool", "x" * 51):
        with pytest.raises(CommandError, match=f"The pool's key '{key}'"):
            call_command("import_prompts", str(broken), pool=key)


def test_importing_again_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(folder / "p.csv", POOL)
    pool = imported(path)
    first = list(PromptText.objects.filter(prompt__pool=pool).order_by("pk").values())
    capsys.readouterr()
    imported(path)
    assert "0 texts new, 0 with a new note" in capsys.readouterr().out
    assert list(PromptText.objects.filter(prompt__pool=pool).order_by("pk").values()) == first
    assert pool.prompts.get(key="tea").topics == ["drinks", "home"]


def test_a_changed_text_needs_a_new_version_and_keeps_the_old(folder: Path) -> None:
    pool = imported(written(folder / "p.csv", POOL))
    changed = HEADER.replace("text", "text,version") + "new,en,A new one?,1\nwalk,en,Where?,2\n"
    with pytest.raises(CommandError, match="line 3: walk in en differs from the stored version 2"):
        imported(written(folder / "q.csv", changed))
    assert not pool.prompts.filter(key="new").exists()
    imported(written(folder / "q.csv", changed.replace("?,2", "?,3")))
    texts = PromptText.objects.filter(prompt__pool=pool, prompt__key="walk").order_by("version")
    assert [(text.version, text.text) for text in texts] == [(2, "Where to walk?"), (3, "Where?")]


def test_stage_and_topics_follow_the_file(folder: Path) -> None:
    pool = imported(written(folder / "p.csv", POOL))
    later = POOL.replace(",1,,en,", ",1,,en,adjudicated").replace("drinks;home", "drinks")
    imported(written(folder / "q.csv", later))
    assert PromptText.objects.get(prompt__pool=pool, language="fr").stage == "adjudicated"
    assert pool.prompts.get(key="tea").topics == ["drinks"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_what_is_exported_is_imported_equal(folder: Path, suffix: str) -> None:
    first = imported(written(folder / "p.csv", POOL))
    newer = (
        "key,language,text,version,translated_from\n"
        'tea,en,"  ""Tea"";\r\nor \u2028 coffee, =1+1?",2,\n'
        "tea,hi,चाय या कॉफ़ी?,1,en:1\n"
    )
    imported(written(folder / "q.csv", newer))
    path = folder / f"out{suffix}"
    call_command("export_prompts", str(path), pool="mine")
    second = imported(path, pool="other")
    rows = rows_of(first)
    assert len(rows) == 5
    assert rows_of(second) == rows
    assert read_pool(path, languages=LANGUAGES) == rows
    assert find_gaps(second, languages=LANGUAGES) == find_gaps(first, languages=LANGUAGES)
    render = to_csv if suffix == ".csv" else to_jsonl
    assert path.read_bytes().decode() == render(rows)


def test_the_demo_pool_goes_out_and_in(study: object, folder: Path) -> None:
    call_command("export_prompts", str(folder / "p.csv"), pool="everyday-questions")
    copy = imported(folder / "p.csv", pool="copy")
    assert rows_of(copy) == rows_of(PromptPool.objects.get(key="everyday-questions"))
    assert len(rows_of(copy)) == 15


def test_missing_and_stale_texts_are_listed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(folder / "p.csv", POOL)
    pool = imported(path)
    assert [str(gap) for gap in find_gaps(pool, languages=["en", "fr"])] == [
        "walk in fr is missing"
    ]
    imported(written(folder / "q.csv", "key,language,text,version\ntea,en,Tea?,2\n"))
    imported(path)  # the old file again: what it was translated from stays what it was
    stale = "tea in fr is stale: translated from en version 1, which has version 2 now"
    capsys.readouterr()
    with pytest.raises(SystemExit):
        call_command("list_prompt_gaps", pool="mine", languages=["en", "fr"])
    assert capsys.readouterr().out.splitlines() == [f"{stale}.", "walk in fr is missing."]
    again = "key,language,text,version,translated_from\ntea,fr,Thé ?,2,en\nwalk,fr,Où ?,1,en\n"
    imported(written(folder / "r.csv", again))
    call_command("list_prompt_gaps", pool="mine", languages=["en", "fr"])
    assert "mine lacks nothing in en, fr" in capsys.readouterr().out


def test_another_original_for_a_stored_text_is_refused(folder: Path) -> None:
    imported(written(folder / "p.csv", POOL))
    other = "key,language,text,translated_from\ntea,it,Tè o caffè?,\ntea,fr,Thé ou café ?,it\n"
    with pytest.raises(CommandError, match="line 3: tea in fr is stored as translated from en"):
        imported(written(folder / "q.csv", other))
    assert not PromptText.objects.filter(prompt__pool__key="mine", language="it").exists()


def test_a_retired_prompt_takes_no_new_text_and_is_not_exported(folder: Path) -> None:
    path = written(folder / "p.csv", POOL)
    pool = imported(path)
    Prompt.objects.filter(pool=pool, key="walk").update(retired_at="2026-01-01T00:00Z")
    imported(path)
    assert {row.key for row in rows_of(pool)} == {"tea"}
    assert not [gap for gap in find_gaps(pool, languages=LANGUAGES) if gap.key == "walk"]
    with pytest.raises(CommandError, match="line 2: walk is retired"):
        imported(written(folder / "q.csv", HEADER + "walk,fr,Où ?\n"))


def test_an_export_says_what_it_cannot_do(folder: Path) -> None:
    imported(written(folder / "p.csv", POOL))
    with pytest.raises(CommandError, match="no pool 'none'"):
        call_command("export_prompts", str(folder / "o.csv"), pool="none")
    with pytest.raises(CommandError, match=r"\.csv or \.jsonl"):
        call_command("export_prompts", str(folder / "o.txt"), pool="mine")
    with pytest.raises(CommandError, match="cannot be written: No such file"):
        call_command("export_prompts", str(folder / "no" / "o.csv"), pool="mine")

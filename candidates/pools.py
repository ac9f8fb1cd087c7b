"""Prompt pools as files: CSV, JSONL, and a folder that Hugging Face datasets saved to disk.

A row is one text of one prompt in one language. Reading is pure: a file becomes rows or
one sentence that names the line. What the rows change is candidates.actions.store_prompts.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from candidates.models import PromptPool, PromptText

REQUIRED = ("key", "language", "text")
COLUMNS = ("key", "language", "version", "text", "topics", "translated_from", "stage")
KEY = re.compile(r"[-a-zA-Z0-9_]{1,50}")
WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class PromptRow:
    """One text of a prompt. What a file leaves empty says nothing about what is stored."""

    key: str
    language: str
    text: str
    version: int = 1
    topics: tuple[str, ...] = ()
    translated_from: str = ""  # language of the text it was made from
    source_version: int | None = None  # None: the newest one
    stage: str = ""
    place: str = field(default="", compare=False)  # "line 7", for sentences about it

    @property
    def identity(self) -> tuple[str, str, int]:
        return self.key, self.language, self.version


@dataclass(frozen=True)
class Gap:
    """What a pool lacks: a text in a language, or one as new as its original."""

    key: str
    language: str
    why: str  # "is missing", or why the text is stale

    def __str__(self) -> str:
        return f"{self.key} in {self.language} {self.why}"


def read_pool(path: Path, *, languages: Collection[str]) -> list[PromptRow]:
    """Every row of a file or datasets folder. Raises ValidationError with file and line."""
    try:
        records = _read_datasets(path) if path.is_dir() else _read(path.name, path.read_bytes)
        return _check(records, languages)
    except OSError as error:
        raise ValidationError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise ValidationError(f"{path}: {error.messages[0]}") from error


def read_text(name: str, raw: bytes, *, languages: Collection[str]) -> list[PromptRow]:
    """The same of a file's name and contents, as they are uploaded."""
    try:
        return _check(_read(name, lambda: raw), languages)
    except ValidationError as error:
        raise ValidationError(f"{name}: {error.messages[0]}") from error


def _read(name: str, raw: Callable[[], bytes]) -> Iterator["Record"]:
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        return _read_csv(_decode(raw()))
    if suffix in {".jsonl", ".ndjson"}:
        return _read_jsonl(_decode(raw()))
    raise ValidationError("a pool is a .csv or .jsonl file, or a datasets folder.")


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # A byte order mark is not counted in `start`, and holds no line break.
        line = error.object[: error.start].count(b"\n") + 1
        raise ValidationError(
            f"line {line}: the text is not UTF-8. Save the file as UTF-8."
        ) from error


Record = tuple[str, Mapping[str, Any]]  # its place, and its values by column


def _read_csv(text: str) -> Iterator[Record]:
    """Records by their first line: a quoted text may go on over several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    header: list[str] | None = None
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ValidationError(f"line {line}: this is not CSV: {error}.") from error
        if cells is None:
            break
        place, line = f"line {line}", reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            _check_columns(place, header)
        elif len(cells) > len(header):
            raise ValidationError(
                f"{place}: {len(cells)} cells, but {len(header)} columns. "
                "Put a text with commas between quotation marks."
            )
        else:
            yield place, dict(zip(header, cells, strict=False))


def _delimiter(text: str) -> str:
    """A comma, or the semicolon or tab that spreadsheets write in some countries."""
    header = text.lstrip().partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in header), ",")


def _read_jsonl(text: str) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"{place}: this is not JSON.") from error
        if not isinstance(record, dict):
            raise ValidationError(f"{place}: this is not a JSON object.")
        _check_columns(place, list(record))
        yield place, record


def _read_datasets(folder: Path) -> Iterator[Record]:
    """Rows of a Dataset, or of every split of a DatasetDict, as save_to_disk writes them."""
    if (folder / "dataset_dict.json").exists():
        for split in _json_list(folder / "dataset_dict.json", "splits"):
            for place, record in _read_dataset(folder / Path(str(split)).name):
                yield f"{place} of {split}", record
    elif (folder / "state.json").exists():
        yield from _read_dataset(folder)
    else:
        raise ValidationError("this folder is not one that datasets saved (no state.json in it).")


def _read_dataset(folder: Path) -> Iterator[Record]:
    try:
        import pyarrow  # 100 MB that nothing else needs: only here, and only if installed
        import pyarrow.ipc
    except ImportError as error:
        raise ValidationError(
            "a datasets folder needs pyarrow, which is not installed: "
            "pip install pyarrow, or save the pool as CSV or JSONL."
        ) from error
    number = 0
    for part in _json_list(folder / "state.json", "_data_files"):
        name = part.get("filename") if isinstance(part, dict) else part
        path = folder / Path(str(name)).name
        try:
            with pyarrow.memory_map(str(path)) as source:
                table = pyarrow.ipc.open_stream(source).read_all()
                records = table.to_pylist()
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ValidationError(f"{path.name} cannot be read as Arrow data.") from error
        _check_columns(path.name, table.column_names)
        for record in records:
            number += 1
            yield f"row {number}", record


def _json_list(path: Path, name: str) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))[name]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValidationError(f"{path.name} is not as datasets writes it.") from error
    if not isinstance(found, list):
        raise ValidationError(f"{path.name} is not as datasets writes it.")
    return found


def _check_columns(place: str, names: list[str]) -> None:
    """A misspelt column would be lost in silence, so every name must be known."""
    for name in REQUIRED:
        if name not in names:
            raise ValidationError(f'{place}: the column "{name}" is missing.')
    for name in names:
        if name not in COLUMNS:
            raise ValidationError(
                f'{place}: the column "{name}" is not one of {", ".join(COLUMNS)}.'
            )
        if names.count(name) > 1:
            raise ValidationError(f'{place}: the column "{name}" is there twice.')


def _check(records: Iterable[Record], languages: Collection[str]) -> list[PromptRow]:
    rows: dict[tuple[str, str, int], PromptRow] = {}
    topics: dict[str, PromptRow] = {}
    for place, record in records:
        row = _row(place, record, languages)
        if row.identity in rows:
            raise ValidationError(
                f"{place}: {row.key} in {row.language} is a duplicate of "
                f"{rows[row.identity].place} (the same version, {row.version})."
            )
        rows[row.identity] = row
        if row.topics and topics.setdefault(row.key, row).topics != row.topics:
            raise ValidationError(
                f"{place}: the topics of {row.key} differ from {topics[row.key].place}."
            )
    if not rows:
        raise ValidationError("there is no prompt in it.")
    return list(rows.values())


def _row(place: str, record: Mapping[str, Any], languages: Collection[str]) -> PromptRow:
    """One checked row. Raises ValidationError with its place."""
    key = _text(place, record, "key")
    if not KEY.fullmatch(key):
        raise ValidationError(
            f"{place}: the key {key!r} is not 1 to 50 letters (a to z), digits, - or _."
        )
    language = _language(place, _text(place, record, "language"), languages)
    text = _text(place, record, "text")
    if not text:
        raise ValidationError(f"{place}: the text of {key} in {language} is empty.")
    origin, _colon, source_version = _text(place, record, "translated_from").partition(":")
    if origin:
        origin = _language(place, origin, languages)
    if origin == language:
        raise ValidationError(f"{place}: {key} in {language} is translated from itself.")
    stage = _text(place, record, "stage")
    if stage and stage not in PromptText.Stage.values:
        raise ValidationError(
            f"{place}: the stage {stage!r} is not one of {', '.join(PromptText.Stage.values)}."
        )
    return PromptRow(
        key=key,
        language=language,
        text=text,
        version=_version(place, _text(place, record, "version") or "1"),
        topics=_topics(place, record),
        translated_from=origin,
        source_version=_version(place, source_version) if source_version else None,
        stage=stage,
        place=place,
    )


def _text(place: str, record: Mapping[str, Any], name: str) -> str:
    """A value as text; whole numbers are taken where a version is wanted."""
    value = record.get(name)
    if value is None:
        return ""
    if name == "version" and isinstance(value, int | float) and not isinstance(value, bool):
        # A column with empty cells comes as floats: 2.0 is 2, and 2.5 is refused later.
        return str(value).removesuffix(".0")
    if not isinstance(value, str):
        raise ValidationError(f'{place}: "{name}" is not a text.')
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValidationError(f'{place}: "{name}" holds a character that cannot be stored.')
    return value.strip()


def _language(place: str, name: str, languages: Collection[str]) -> str:
    code = name.strip().lower().replace("_", "-")
    if code not in languages:
        raise ValidationError(
            f"{place}: the language {name!r} is not one of {', '.join(languages)}."
        )
    return code


def _version(place: str, text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text.strip()) or int(text) < 1:
        raise ValidationError(f"{place}: the version {text!r} is not a whole number from 1.")
    return int(text)


def _topics(place: str, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes separated by semicolons, or a list of them; each once."""
    value = record.get("topics")
    parts = value if isinstance(value, list) else [value]
    codes = [
        code.strip()
        for part in parts
        for code in _text(place, {"topics": part}, "topics").split(";")
    ]
    return tuple(dict.fromkeys(code for code in codes if code))


def rows_of(pool: PromptPool) -> list[PromptRow]:
    """Every version of every text of the prompts in use, as rows for a file."""
    texts = list(_texts_in_use(pool).order_by("prompt__key", "language", "version"))
    newest = _newest(texts)
    rows = []
    for text in texts:
        origin = text.translated_from
        current = origin is not None and newest[text.prompt_id, origin.language] == origin
        rows.append(
            PromptRow(
                key=text.prompt.key,
                language=text.language,
                text=text.text,
                version=text.version,
                topics=tuple(text.prompt.topics),
                translated_from=origin.language if origin else "",
                source_version=origin.version if origin and not current else None,
                stage=text.stage,
            )
        )
    return rows


def rows_of_definition(definition: Mapping[str, Any]) -> list[PromptRow]:
    """The texts of a study file's `pool`; a `stage` may differ by language."""
    return [
        PromptRow(
            key=str(item["key"]),
            language=language,
            text=text.strip(),
            version=item.get("version", 1),
            topics=tuple(item.get("topics", ())),
            translated_from=item.get("translated_from", {}).get(language, "").partition(":")[0],
            source_version=_source_version(item.get("translated_from", {}).get(language, "")),
            stage=PromptText.Stage(stage).value if (stage := _stage(item, language)) else "",
            place=f"The prompt {item['key']}",
        )
        for item in definition["prompts"]
        for language, text in item["texts"].items()
        if text and text.strip()
    ]


def _stage(item: Mapping[str, Any], language: str) -> str:
    stage = item.get("stage", "")
    return str(stage.get(language, "") if isinstance(stage, Mapping) else stage)


def _source_version(origin: str) -> int | None:
    version = origin.partition(":")[2]
    return int(version) if version else None


def definition_of_rows(rows: Iterable[PromptRow]) -> list[dict[str, Any]]:
    """The inverse: one entry for each prompt and version, ordered by them."""
    entries: dict[tuple[str, int], dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row.key, row.version)):
        entry = entries.setdefault(
            (row.key, row.version),
            {"key": row.key, "version": row.version, "topics": [], "stage": {}, "texts": {}},
        )
        entry["texts"][row.language] = row.text
        entry["topics"] = list(row.topics) or entry["topics"]
        if row.stage:
            entry["stage"][row.language] = row.stage
        if row.translated_from:
            version = f":{row.source_version}" if row.source_version else ""
            entry.setdefault("translated_from", {})[row.language] = row.translated_from + version
    for entry in entries.values():
        stages = set(entry["stage"].values())
        if len(entry["stage"]) == len(entry["texts"]) and len(stages) == 1:
            entry["stage"] = stages.pop()
    return list(entries.values())


def _records(rows: Iterable[PromptRow]) -> Iterator[dict[str, str | int]]:
    """Values by column, as read_pool takes them; "en:1" where the newest is not meant."""
    for row in rows:
        origin = row.translated_from
        yield {
            "key": row.key,
            "language": row.language,
            "version": row.version,
            "text": row.text,
            "topics": ";".join(row.topics),
            "translated_from": f"{origin}:{row.source_version}" if row.source_version else origin,
            "stage": row.stage,
        }


def to_csv(rows: Iterable[PromptRow]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(_records(rows))
    return out.getvalue()


def to_jsonl(rows: Iterable[PromptRow]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _records(rows))


def find_gaps(pool: PromptPool, *, languages: Iterable[str], key: str = "") -> list[Gap]:
    """Missing and stale texts of the prompts in use (or of one), by prompt and language.

    Stale: the newest text was translated from one that has a newer version.
    """
    prompts = pool.prompts.in_use().order_by("key")
    if key:
        prompts = prompts.filter(key=key)
    newest = _newest(_texts_in_use(pool))
    gaps = []
    for prompt in prompts:
        for language in sorted(languages):
            text = newest.get((prompt.pk, language))
            if text is None:
                gaps.append(Gap(prompt.key, language, "is missing"))
            elif origin := text.translated_from:
                version = newest[prompt.pk, origin.language].version
                if version > origin.version:
                    gaps.append(
                        Gap(
                            prompt.key,
                            language,
                            f"is stale: translated from {origin.language} version "
                            f"{origin.version}, which has version {version} now",
                        )
                    )
    return gaps


def _texts_in_use(pool: PromptPool) -> Any:
    return PromptText.objects.filter(prompt__pool=pool, prompt__retired_at=None).select_related(
        "prompt", "translated_from"
    )


def _newest(texts: Iterable[PromptText]) -> dict[tuple[int, str], PromptText]:
    """The newest version by prompt and language."""
    newest: dict[tuple[int, str], PromptText] = {}
    for text in texts:
        place = text.prompt_id, text.language
        if place not in newest or newest[place].version < text.version:
            newest[place] = text
    return newest

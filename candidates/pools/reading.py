"""A pool's file becomes rows, or one sentence that names the line: CSV, JSONL, and a folder
that Hugging Face datasets saved to disk."""

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from candidates.pools.checking import Record, check
from candidates.pools.rows import COLUMNS, REQUIRED, PromptRow


def read_pool(path: Path, *, languages: Collection[str]) -> list[PromptRow]:
    """Every row of a file or datasets folder. Raises ValidationError with file and line."""
    try:
        records = _read_datasets(path) if path.is_dir() else _read(path.name, path.read_bytes)
        return check(records, languages)
    except OSError as error:
        raise ValidationError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise ValidationError(f"{path}: {error.messages[0]}") from error


def read_text(name: str, raw: bytes, *, languages: Collection[str]) -> list[PromptRow]:
    """The same of a file's name and contents, as they are uploaded."""
    try:
        return check(_read(name, lambda: raw), languages)
    except ValidationError as error:
        raise ValidationError(f"{name}: {error.messages[0]}") from error


def _read(name: str, raw: Callable[[], bytes]) -> Iterator[Record]:
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

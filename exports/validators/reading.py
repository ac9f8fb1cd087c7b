"""Rows of an exported file with their real types, whatever its container."""

import gzip
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from exports.containers import Container
from exports.format import Format, Type
from exports.validators.problems import Row

LONGEST_ROW = 1 << 26  # bytes


def read_rows(path: Path, form: Format, container: Container) -> Iterator[Row]:
    """Yields each row by column name: None where missing, times aware, lists as lists.

    A value that its column's type cannot hold stays the text that it is, so that a
    validator tells of it. Raises OSError, pyarrow.ArrowInvalid or ValueError on a file
    that is none of its container.
    """
    if container == Container.PARQUET:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from batch.to_pylist()
        return
    types = {column.name: column.type for column in form.columns}
    read = _read_csv(path, form) if container == Container.CSV else _read_lines(path, container)
    convert = _from_csv if container == Container.CSV else _from_json
    for row in read:
        yield {name: convert(value, types.get(name, Type.TEXT)) for name, value in row.items()}


def _read_csv(path: Path, form: Format) -> Iterator[Row]:
    """Texts alone; Arrow tells a missing value from an empty text, as Python 3.11's csv cannot."""
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(form.names, pyarrow.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    with pyarrow.csv.open_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(block_size=LONGEST_ROW),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=convert,
    ) as batches:
        for batch in batches:
            yield from batch.to_pylist()


def _read_lines(path: Path, container: Container) -> Iterator[Row]:
    with _open(path, container) as text:
        for line in text:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("a line that is no JSON object")
            yield row


def _open(path: Path, container: Container) -> IO[str]:
    if container == Container.JSONL_GZ:
        return gzip.open(path, "rt", encoding="utf-8")
    if container == Container.JSONL_ZST:
        return io.TextIOWrapper(pyarrow.input_stream(path, compression="zstd"), encoding="utf-8")
    return path.open(encoding="utf-8")


def _from_csv(value: str | None, kind: Type) -> Any:
    if value is None:
        return None
    try:
        if kind in (Type.INTEGER, Type.NUMBER):
            return int(value) if kind == Type.INTEGER else float(value)
        if kind in (Type.TEXTS, Type.INTEGERS, Type.MESSAGES):
            return json.loads(value)
    except ValueError:
        return value
    if kind == Type.BOOLEAN:
        return {"True": True, "False": False}.get(value, value)
    return _from_json(value, kind)


def _from_json(value: Any, kind: Type) -> Any:
    if kind == Type.TIME and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value

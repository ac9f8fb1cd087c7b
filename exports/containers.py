"""Rows of a format as CSV, JSON Lines or Parquet, shaped and written by PostgreSQL's COPY.

PostgreSQL yields the final bytes; Python passes them on in blocks, so that memory does not
grow with the number of rows. Parquet is made from the same JSON Lines by Arrow.
"""

import io
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from typing import Any, BinaryIO

import pyarrow
import pyarrow.json
import pyarrow.parquet
from django.db.backends.utils import CursorWrapper

from annotation.spreadsheets import neutral_sql
from exports.format import Column, Format, Query, Type
from exports.scope import Scope
from exports.snapshot import snapshot

BLOCK_BYTES = 1 << 20
JSON_BATCH_BYTES = 1 << 19  # that Arrow reads at once; a longer row is a batch of its own
ROW_GROUP_BYTES = 4 << 20  # of a Parquet file, before compression

SQL_TYPES = {
    Type.TEXT: "text",
    Type.INTEGER: "bigint",
    Type.NUMBER: "double precision",
    Type.BOOLEAN: "boolean",
    Type.TIME: "timestamptz",
    Type.TEXTS: "jsonb",
    Type.INTEGERS: "jsonb",
    Type.MESSAGES: "jsonb",
    Type.JSON: "text",
}
COUNTED = {Type.INTEGER, Type.NUMBER, Type.BOOLEAN, Type.TIME}
ARROW_TYPES = {
    Type.TEXT: pyarrow.string(),
    Type.INTEGER: pyarrow.int64(),
    Type.NUMBER: pyarrow.float64(),
    Type.BOOLEAN: pyarrow.bool_(),
    Type.TIME: pyarrow.timestamp("us", tz="UTC"),
    Type.TEXTS: pyarrow.list_(pyarrow.string()),
    Type.INTEGERS: pyarrow.list_(pyarrow.int64()),
    Type.MESSAGES: pyarrow.list_(
        pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    ),
    Type.JSON: pyarrow.string(),
}


class Container(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    JSONL_ZST = "jsonl.zst"
    PARQUET = "parquet"


class Begun:
    """Blocks whose first one is there: what a format refuses, it refused before the answer."""

    def __init__(self, blocks: Generator[bytes]) -> None:
        self._blocks = blocks
        self._first = next(blocks)

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        yield from self._blocks

    def close(self) -> None:
        self._blocks.close()


def stream_snapshot(form: Format, scope: Scope) -> Generator[bytes]:
    """The CSV of one moment."""
    with snapshot() as cursor:
        yield from stream_csv(cursor, form, scope)


def csv_query(form: Format, scope: Scope) -> Query:
    """The query whose rows COPY writes as they are."""
    shown = [
        _plain_sql(column, _value_sql(column, scope), for_people=form.for_people)
        for column in form.columns
    ]
    query = form.query(scope)
    return replace(query, sql=f"SELECT {', '.join(shown)} FROM ({query.sql}) AS q")


def stream_csv(cursor: CursorWrapper, form: Format, scope: Scope) -> Generator[bytes]:
    """UTF-8, every value quoted, lines end in a line feed; a missing value is empty, unquoted.

    Booleans are `True` and `False`, times ISO 8601 in UTC, lists and structures JSON. In a
    format meant for people no text is a formula to a spreadsheet.
    """
    head = (",".join(f'"{name}"' for name in form.names) + "\n").encode()
    yield from _copy(cursor, csv_query(form, scope), "FORMAT csv, FORCE_QUOTE *", head)


def stream_jsonl(cursor: CursorWrapper, form: Format, scope: Scope) -> Generator[bytes]:
    """One JSON object a line, every column present, `null` where a value is missing."""
    query = form.query(scope)
    shown = exact_columns(form, scope)
    sql = f"SELECT row_to_json(r) FROM (SELECT {shown} FROM ({query.sql}) AS q) AS r"
    # JSON holds no control characters, so that nothing is ever quoted or escaped here.
    options = "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"
    yield from _copy(cursor, replace(query, sql=sql), options)


def exact_columns(form: Format, scope: Scope) -> str:
    """The columns of a format's query `q` as JSON carries them; empty where it may not."""
    return ", ".join(
        f'{_exact_sql(column, _value_sql(column, scope))} AS "{column.name}"'
        for column in form.columns
    )


def write(
    cursor: CursorWrapper, form: Format, scope: Scope, container: Container, file: BinaryIO
) -> int:
    """Writes a whole file and returns its number of rows."""
    if container == Container.PARQUET:
        return _write_parquet(cursor, form, scope, file)
    source = stream_csv if container == Container.CSV else stream_jsonl
    compression = {Container.JSONL_GZ: "gzip", Container.JSONL_ZST: "zstd"}.get(container)
    sink = pyarrow.CompressedOutputStream(_Kept(file), compression) if compression else file
    # Closed whatever happens: COPY has to end before its transaction can.
    with closing(source(cursor, form, scope)) as blocks:
        for block in blocks:
            sink.write(block)
    if compression:
        sink.close()
    return int(cursor.rowcount)


def _write_parquet(cursor: CursorWrapper, form: Format, scope: Scope, file: BinaryIO) -> int:
    schema = arrow_schema(form)
    rows = 0
    # Kept until the file ends, for every row group: of texts, the least and the greatest are
    # whole responses, and of no use to a reader.
    counted = [column.name for column in form.columns if column.type in COUNTED] or False
    with (
        closing(stream_jsonl(cursor, form, scope)) as blocks,
        pyarrow.parquet.ParquetWriter(
            file, schema, compression="zstd", write_statistics=counted
        ) as writer,
    ):
        tables = (_read_json(lines, schema) for lines in _whole_lines(blocks))
        for group in _row_groups(tables):
            writer.write_table(group, row_group_size=group.num_rows)
            rows += group.num_rows
    return rows


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in batches that end with a line, each of JSON_BATCH_BYTES or one line more."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        begun = 0
        end = block.rfind(b"\n") + 1
        if end and size + end >= JSON_BATCH_BYTES:
            yield b"".join([*held, block[:end]])
            held, size, begun = [], 0, end
        held.append(block[begun:])
        size += len(block) - begun
    if size:
        yield b"".join(held)


def _read_json(lines: bytes, schema: pyarrow.Schema) -> pyarrow.Table:
    # One block, however long: Arrow refuses a row that does not end in the block it began in.
    return pyarrow.json.read_json(
        pyarrow.BufferReader(lines),
        read_options=pyarrow.json.ReadOptions(block_size=len(lines) + 1, use_threads=False),
        parse_options=pyarrow.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="error"
        ),
    )


def _row_groups(tables: Iterable[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    """Tables put together until they are large enough to be worth a row group."""
    held: list[pyarrow.Table] = []
    for table in tables:
        held.append(table)
        if sum(one.nbytes for one in held) >= ROW_GROUP_BYTES:
            yield pyarrow.concat_tables(held)
            held = []
    if held:
        yield pyarrow.concat_tables(held)


def arrow_schema(form: Format) -> pyarrow.Schema:
    """Names and real types of a format's columns; each meaning travels as metadata."""
    return pyarrow.schema(
        [
            pyarrow.field(
                column.name, ARROW_TYPES[column.type], metadata={"meaning": column.meaning}
            )
            for column in form.columns
        ]
    )


class _Kept(io.RawIOBase):
    """A file that stays open when Arrow closes what it wrote to."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._file.write(data)


def _copy(cursor: CursorWrapper, query: Query, options: str, head: bytes = b"") -> Iterator[bytes]:
    """Blocks of what COPY writes. psycopg puts the parameters in on this side."""
    statement = f"COPY ({query.sql}) TO STDOUT ({options})"
    held = [head]
    size = 0
    query.pseudonyms.hand_over(cursor)
    with cursor.copy(statement, query.parameters) as copy:
        for data in copy:
            held.append(bytes(data))
            size += len(data)
            if size >= BLOCK_BYTES // 8:
                yield b"".join(held)
                held, size = [], 0
    yield b"".join(held)


def _value_sql(column: Column, scope: Scope) -> str:
    """The column, or nothing where this recipient may not have it."""
    if scope.fields is None or column.name in scope.fields:
        return f'q."{column.name}"'
    return f"NULL::{SQL_TYPES[column.type]}"


def _plain_sql(column: Column, value: str, *, for_people: bool) -> str:
    if column.type == Type.BOOLEAN:
        return f"CASE {value} WHEN true THEN 'True' WHEN false THEN 'False' END"
    if column.type == Type.TIME:
        return _time_sql(value)
    if for_people and column.type == Type.TEXT:
        return neutral_sql(value)
    return value


def _exact_sql(column: Column, value: str) -> str:
    """Numbers keep a point, `2.0`: loaders that guess types take `2` for a whole number."""
    if column.type == Type.NUMBER:
        return f"""CASE WHEN {value}::text ~ '^-?[0-9]+$' THEN ({value}::text || '.0')::json
            ELSE to_json({value}) END"""
    return _time_sql(value) if column.type == Type.TIME else value


def _time_sql(value: str) -> str:
    return f"""to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

"""One table in every container: the same rows, real types, the same bytes every time."""

import csv
import gzip
import io
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import Annotator
from annotation.models import Conversation, Explanation, RecruitmentLink, Turn
from exports import pseudonyms
from exports.containers import Container, write
from exports.format import Format
from exports.formats import community_alignment, comparisons, rankings
from exports.privacy.generalise import plan_recoding
from exports.scope import Scope, Times
from exports.snapshot import snapshot
from exports.vendors.cursors import Place
from exports.vendors.feed import read_page
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)

FORMS = [community_alignment.FORMAT, comparisons.FORMAT, rankings.FORMAT]


@pytest.fixture
def scope(finished: Walker, link: RecruitmentLink) -> Scope:
    return Scope(study=link.study, recipient="researchers")


def written(form: Format, scope: Scope, container: Container) -> tuple[int, bytes]:
    file = io.BytesIO()
    with snapshot() as cursor:
        rows = write(cursor, form, scope, container, file)
    assert not file.closed
    return rows, file.getvalue()


def lines_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.decode().split("\n") if line]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_every_container_holds_the_same_rows_and_counts_them(form: Format, scope: Scope) -> None:
    rows, plain = written(form, scope, Container.JSONL)
    expected = lines_of(plain)
    assert rows == len(expected) > 0
    assert list(expected[0]) == list(form.names)
    count, packed = written(form, scope, Container.JSONL_GZ)
    assert (count, gzip.decompress(packed)) == (rows, plain)
    count, packed = written(form, scope, Container.JSONL_ZST)
    stream = pyarrow.CompressedInputStream(io.BytesIO(packed), "zstd")
    assert (count, stream.read()) == (rows, plain)
    count, table = written(form, scope, Container.CSV)
    assert count == rows == len(list(csv.reader(io.StringIO(table.decode(), newline="")))) - 1
    count, file = written(form, scope, Container.PARQUET)
    found = pyarrow.parquet.read_table(io.BytesIO(file))
    times = [c.name for c in form.columns if c.type == "time"]
    for row in (got := found.to_pylist()):
        row |= {name: row[name] and f"{row[name]:%Y-%m-%dT%H:%M:%S.%fZ}" for name in times}
    assert count == rows
    assert got == expected


@pytest.mark.parametrize("container", Container)
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_the_same_data_are_the_same_bytes(form: Format, container: Container, scope: Scope) -> None:
    first, second = written(form, scope, container), written(form, scope, container)
    assert first == second
    if container == Container.JSONL_GZ:
        assert first[1][4:8] == bytes(4)  # no time in the header


def test_columns_have_real_types_in_parquet(scope: Scope) -> None:
    _rows, file = written(comparisons.FORMAT, scope, Container.PARQUET)
    schema = pyarrow.parquet.read_schema(io.BytesIO(file))
    assert schema.field("turn").type == pyarrow.int64()
    assert schema.field("is_retest").type == pyarrow.bool_()
    assert schema.field("seconds_to_judge").type == pyarrow.float64()
    assert schema.field("submitted_at").type == pyarrow.timestamp("us", tz="UTC")
    assert schema.field("ranks").type.value_type == pyarrow.int64()
    assert schema.field("responses").type.value_type == pyarrow.string()
    assert b"letter" in schema.field("chosen").metadata[b"meaning"]


def test_a_parquet_file_notes_no_text_beside_its_rows(scope: Scope) -> None:
    """The least and the greatest of each row group stay in memory until the file ends."""
    _rows, file = written(comparisons.FORMAT, scope, Container.PARQUET)
    group = pyarrow.parquet.ParquetFile(io.BytesIO(file)).metadata.row_group(0)
    noted = {
        group.column(number).path_in_schema: group.column(number).is_stats_set
        for number in range(group.num_columns)
    }
    assert noted["turn"] and noted["submitted_at"] and noted["is_retest"]
    texts = [column.name for column in comparisons.FORMAT.columns if column.type == "text"]
    assert texts and not any(noted[name] for name in texts)


def test_missing_and_empty_are_told_apart(scope: Scope) -> None:
    """CSV: nothing between the commas, against a pair of quotation marks."""
    empty = Explanation.objects.order_by("pk")[0]
    Explanation.objects.exclude(pk=empty.pk).delete()
    Explanation.objects.update(text="")
    allowed = Scope(study=scope.study, recipient="x", fields=frozenset({"turn", "explanation"}))
    _rows, table = written(comparisons.FORMAT, allowed, Container.CSV)
    shapes = {line.replace(b",", b"") for line in table.splitlines()[1:]}
    assert {b'"1"', b'"1"""'} <= shapes or {b'"2"', b'"2"""'} <= shapes
    _rows, lines = written(comparisons.FORMAT, allowed, Container.JSONL)
    values = [row["explanation"] for row in lines_of(lines)]
    assert values.count("") == 1
    assert values.count(None) == len(values) - 1


def test_what_nobody_has_done_is_an_empty_table_in_every_container(link: RecruitmentLink) -> None:
    scope = Scope(study=link.study, recipient="researchers")
    for container in Container:
        rows, data = written(rankings.FORMAT, scope, container)
        assert rows == 0
        if container == Container.CSV:
            assert len(data.splitlines()) == 1
        if container == Container.PARQUET:
            table = pyarrow.parquet.read_table(io.BytesIO(data))
            assert (table.num_rows, table.column_names) == (0, list(rankings.FORMAT.names))


def test_times_leave_as_exactly_as_the_scope_says(scope: Scope) -> None:
    hours = Scope(study=scope.study, recipient="x", times=Times.HOUR)
    none = Scope(study=scope.study, recipient="x", times=Times.NONE)
    exact, coarse, without = (
        lines_of(written(comparisons.FORMAT, one, Container.JSONL)[1])[0]["submitted_at"]
        for one in (scope, hours, none)
    )
    assert not exact.endswith("00:00.000000Z")
    assert coarse.endswith(":00:00.000000Z")
    assert without is None


def test_equal_numbers_are_refused_before_the_first_byte(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of one digit: seventeen conversations cannot all differ."""
    one = Conversation.objects.exclude(kind="pool")[0]
    for ordinal in range(20, 35):
        Conversation.objects.create(
            participation=one.participation, ordinal=ordinal, kind="own", locale=one.locale,
            planned_turns=1, sampler=one.sampler, status="finished",
        )  # fmt: skip
    assert written(community_alignment.FORMAT, scope, Container.CSV)[0] == 3
    monkeypatch.setattr(pseudonyms, "NUMBER_DIGITS", 1)
    file = io.BytesIO()
    with snapshot() as cursor, pytest.raises(ValidationError, match="the same number"):
        write(cursor, community_alignment.FORMAT, scope, Container.CSV, file)
    assert file.getvalue() == b""
    assert Turn.objects.exists()


@pytest.mark.parametrize("container", Container)
def test_a_full_disk_ends_the_export_and_not_the_connection(
    container: Container, scope: Scope
) -> None:
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError), snapshot() as cursor:
        write(cursor, comparisons.FORMAT, scope, container, full)
    assert not connection.in_atomic_block
    assert written(comparisons.FORMAT, scope, container)[0] > 0


@pytest.mark.parametrize("container", [Container.PARQUET, Container.JSONL])
def test_a_row_of_three_megabytes_is_written_like_any_other(
    container: Container, scope: Scope
) -> None:
    """Of many bytes a letter, and between rows of usual length."""
    words = "मत " * 500_000
    one = Explanation.objects.order_by("pk")[1]
    Explanation.objects.filter(pk=one.pk).update(text=words)
    assert len(words.encode()) > 3_000_000
    rows, data = written(comparisons.FORMAT, scope, container)
    if container == Container.PARQUET:
        found = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    else:
        found = lines_of(data)
    texts = [row["explanation"] for row in found]
    assert len(texts) == rows > 3
    assert texts.count(words) == 1


def test_no_key_stands_in_the_text_of_a_statement(scope: Scope, tmp_path: Path) -> None:
    """Everything that is sent to the server is written down, as its log could have it."""
    vendor = Annotator.objects.get().vendor
    theirs = Scope(study=scope.study, recipient="vendor:x", vendor=vendor)
    with (tmp_path / "sent").open("w+") as sent, ExitStack() as stack:
        connection.ensure_connection()
        pgconn = connection.connection.pgconn
        pgconn.trace(sent.fileno())
        stack.callback(pgconn.untrace)
        written(comparisons.FORMAT, scope, Container.CSV)
        written(community_alignment.FORMAT, scope, Container.PARQUET)
        plan_recoding(study=scope.study, tier="public")
        assert read_page(theirs, Place(), 100).lines
    lines = (tmp_path / "sent").read_text("utf-8", errors="replace").splitlines()
    texts = [line for line in lines if "\tQuery\t" in line or "\tParse\t" in line]
    assert any("COPY" in line for line in texts) and any("set_config" in line for line in texts)
    for one in (scope, theirs):
        for half in (one.pseudonyms.inner, one.pseudonyms.outer):
            assert any(half.hex() in line for line in lines)  # bound
            assert not any(half.hex() in line for line in texts)

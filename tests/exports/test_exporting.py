"""A file is asked for, written by a worker, and complete before anybody sees it."""

import csv
import gzip
import hashlib
import io
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Consent, Vendor
from annotation.actions.withdrawal import withdraw
from annotation.models import RecruitmentLink, Study
from candidates import limits
from exports.actions.exporting import request_export
from exports.actions.tokens import create_token
from exports.containers import Container
from exports.files import downloads, jobs
from exports.files.exporting import write_export
from exports.files.readme import readme
from exports.formats.comparisons import FORMAT
from exports.models import ApiToken, Export, Release, State
from exports.tasks.files import look_after_files
from tests import processes
from tests.processes import Worker, wait_until
from tests.walker import Walker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for each test; workers that a test starts see it too."""
    monkeypatch.setattr(settings, "EXPORTS_DIR", tmp_path / "exports")
    monkeypatch.setenv("EXPORTS_DIR", str(tmp_path / "exports"))
    return tmp_path / "exports"


def ask(study: Study, **changes: Any) -> Export:
    asked: dict[str, Any] = {"study": study, "format": "comparisons", "container": "csv"}
    return request_export(**asked | changes)


def written(export: Export) -> Export:
    write_export(export.pk)
    export.refresh_from_db()
    return export


def bytes_of(export: Export) -> bytes:
    return (settings.EXPORTS_DIR / export.name).read_bytes()


@contextmanager
def no_file_larger_than(limit: int) -> Iterator[None]:
    """The system refuses to write beyond it, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_worker_writes_what_was_asked_for(
    finished: Walker, link: RecruitmentLink, worker: Worker
) -> None:
    export = ask(link.study)
    assert export.state == State.QUEUED

    def is_ready() -> bool:
        export.refresh_from_db()
        return export.state == State.READY

    wait_until(is_ready)
    data = bytes_of(export)
    assert (export.size, export.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert export.rows == {"comparisons": len(list(csv.reader(io.StringIO(data.decode())))) - 1}
    assert export.data_until is not None and export.requested_at <= export.data_until


def test_each_container_holds_the_rows_that_its_row_counts(
    finished: Walker, link: RecruitmentLink
) -> None:
    counted: dict[str, Any] = {
        "csv": lambda data: len(data.splitlines()) - 1,
        "jsonl": lambda data: len(data.splitlines()),
        "jsonl.gz": lambda data: len(gzip.decompress(data).splitlines()),
        "jsonl.zst": lambda data: len(
            pyarrow.CompressedInputStream(pyarrow.BufferReader(data), "zstd").read().splitlines()
        ),
        "parquet": lambda data: pyarrow.parquet.read_table(io.BytesIO(data)).num_rows,
    }
    for container in Container:
        export = written(ask(link.study, container=container))
        assert (export.state, export.name.endswith(f".{container}")) == (State.READY, True)
        assert counted[container](bytes_of(export)) == export.rows["comparisons"] > 0


def test_a_second_call_writes_nothing_again(finished: Walker, link: RecruitmentLink) -> None:
    first = written(ask(link.study))
    before = (settings.EXPORTS_DIR / first.name).stat().st_mtime_ns
    again = written(first)
    assert (settings.EXPORTS_DIR / again.name).stat().st_mtime_ns == before
    assert again.attempts == 1


def test_what_a_killed_worker_left_is_taken_up_again(
    finished: Walker, link: RecruitmentLink, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So long that nobody who is only slow loses hers.
    monkeypatch.setattr(processes, "LEASE_SECONDS", 600)
    limits._redis().flushall()  # a message of an earlier test would wait for the lock below
    export = ask(link.study)
    half = folder / f".{export.public_id}.1.part"
    with Worker.running() as worker, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE annotation_turn IN ACCESS EXCLUSIVE MODE")  # it cannot go on
        wait_until(half.exists, seconds=120)
        worker.kill()
    assert half.exists() and Export.objects.get(pk=export.pk).state == State.RUNNING
    Export.objects.update(leased_until=timezone.now() - timedelta(seconds=1))  # ten minutes later
    with Worker.running():
        wait_until(lambda: Export.objects.get(pk=export.pk).state == State.READY, seconds=120)
        wait_until(lambda: not half.exists(), seconds=120)
    assert Export.objects.get(pk=export.pk).attempts == 2


def test_a_lease_that_runs_keeps_others_away(finished: Walker, link: RecruitmentLink) -> None:
    export = ask(link.study)
    later = timezone.now() + timedelta(minutes=5)
    Export.objects.filter(pk=export.pk).update(state=State.RUNNING, attempts=1, leased_until=later)
    assert written(export).state == State.RUNNING


def test_whoever_lost_her_lease_publishes_nothing(
    finished: Walker, link: RecruitmentLink, folder: Path
) -> None:
    export = ask(link.study)

    def taken_over(row: Export, file: Any) -> jobs.Made:
        file.write(b"late")
        Export.objects.filter(pk=row.pk).update(attempts=2)
        return jobs.Made(name="late.csv", data_until=timezone.now(), rows={})

    jobs.run(Export, export.pk, taken_over)
    export.refresh_from_db()
    assert (export.state, export.attempts) == (State.RUNNING, 2)
    assert list(folder.iterdir()) == []


def test_a_worker_that_dies_of_it_every_time_ends_in_a_sentence(link: RecruitmentLink) -> None:
    export = ask(link.study)
    Export.objects.filter(pk=export.pk).update(attempts=jobs.MOST_ATTEMPTS)
    failed = written(export)
    assert (failed.state, failed.error) == (
        State.FAILED,
        "Its worker was stopped 3 times: ask for the file again.",
    )


def test_a_disk_that_fills_leaves_a_sentence_and_no_file(
    finished: Walker, link: RecruitmentLink, folder: Path
) -> None:
    for container in Container:
        export = ask(link.study, container=container)
        with no_file_larger_than(100):
            failed = written(export)
        assert (failed.state, failed.name, failed.sha256) == (State.FAILED, "", "")
        assert failed.error == (
            "The server's disk is full: ask for the file again once its operator has made room."
        )
        assert list(folder.iterdir()) == []


def test_a_folder_that_is_none_is_said_in_a_sentence(
    finished: Walker, link: RecruitmentLink, folder: Path
) -> None:
    folder.write_text("no folder")
    failed = written(ask(link.study))
    assert failed.error == (
        "The server cannot write to its folder of files (File exists): tell its operator."
    )


def test_nothing_that_matches_is_a_valid_file_without_rows(link: RecruitmentLink) -> None:
    for container in ("csv", "parquet"):
        export = written(ask(link.study, container=container, options={"phase": "pilot"}))
        assert (export.state, export.rows, export.is_empty) == (
            State.READY,
            {"comparisons": 0},
            True,
        )
    table = pyarrow.parquet.read_table(io.BytesIO(bytes_of(export)))
    assert table.column_names == list(FORMAT.names)


def test_what_does_not_exist_is_refused_with_what_does(study: Study) -> None:
    refusals: list[tuple[dict[str, Any], str]] = [
        ({"format": "nothing"}, "There is no format 'nothing': use one of "),
        ({"container": "xlsx"}, "There is no container 'xlsx': use one of csv, jsonl, "),
        ({"options": {"phase": "x"}}, "There is no phase 'x': use one of preview, rehearsal, "),
        ({"options": {"times": "year"}}, "There is no way to give times 'year': use one of exact"),
        ({"options": {"colour": "red"}}, "There is no option 'colour': use one of variant, phase"),
    ]
    for changes, sentence in refusals:
        with pytest.raises(ValidationError) as refusal:
            ask(study, **changes)
        assert refusal.value.messages[0].startswith(sentence)
    assert not Export.objects.exists()


def test_a_token_has_its_vendors_people_and_its_fields_alone(
    finished: Walker, link: RecruitmentLink
) -> None:
    create_token(vendor=link.vendor, study=link.study, name="t", fields=["turn"])
    export = written(ask(link.study, token=ApiToken.objects.get(), container="jsonl"))
    rows = [json.loads(line) for line in bytes_of(export).splitlines()]
    assert export.vendor == link.vendor
    assert {row["annotator_id"] for row in rows} == {None}
    assert {row["turn"] for row in rows} >= {1, 2}


def test_old_exports_are_deleted_and_new_ones_stay(finished: Walker, link: RecruitmentLink) -> None:
    old, new = written(ask(link.study)), written(ask(link.study))
    Export.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=15))
    assert (jobs.expire(), jobs.expire()) == (1, 0)
    old.refresh_from_db()
    assert old.state == State.GONE
    assert [path.name for path in settings.EXPORTS_DIR.iterdir()] == [new.name]


def test_who_withdraws_is_in_no_file_that_can_still_be_fetched(
    finished: Walker, link: RecruitmentLink
) -> None:
    token: dict[str, Any] = {"vendor": link.vendor, "study": link.study, "name": "t"}
    create_token(**token)
    theirs = Vendor.objects.create(key="vendor-z", name="Vendor Z")
    create_token(**token | {"vendor": theirs})
    mine, others = (
        written(ask(link.study, token=found)) for found in ApiToken.objects.order_by("pk")
    )
    before = written(ask(link.study))
    assert jobs.expire() == 0
    withdraw(participation=finished.participation)
    with pytest.raises(downloads.Gone):
        downloads.find_signed(mine.public_id, **downloads.download_query(mine))
    # Another vendor's file stays, so that nobody learns of somebody else's people.
    assert downloads.find_signed(others.public_id, **downloads.download_query(others)) == others
    assert (jobs.expire(), jobs.expire()) == (2, 0)
    states = Export.objects.in_bulk([mine.pk, others.pk, before.pk])
    assert [states[pk].state for pk in (mine.pk, others.pk, before.pk)] == ["gone", "ready", "gone"]
    assert [path.name for path in settings.EXPORTS_DIR.iterdir()] == [others.name]


def test_a_consent_that_is_taken_back_alone_ends_a_file_too(
    finished: Walker, link: RecruitmentLink
) -> None:
    written(ask(link.study))
    Consent.objects.filter(purpose="take_part").update(withdrawn_at=timezone.now())
    assert jobs.expire() == 1


def test_leftovers_of_the_dead_go_and_files_at_work_stay(
    link: RecruitmentLink, folder: Path
) -> None:
    export = ask(link.study)
    Export.objects.update(
        state=State.RUNNING, attempts=2, leased_until=timezone.now() + timedelta(minutes=1)
    )
    folder.mkdir()
    for name in (f".{export.public_id}.1.part", f".{export.public_id}.2.part", ".mine.csv.1a.part"):
        (folder / name).write_bytes(b"half")
    look_after_files()
    assert {path.name for path in folder.iterdir()} == {
        f".{export.public_id}.2.part",
        ".mine.csv.1a.part",
    }


def test_the_command_writes_what_a_job_writes(
    finished: Walker, link: RecruitmentLink, tmp_path: Path
) -> None:
    out = tmp_path / "mine.csv"
    call_command("export", link.study.key, "comparisons", out=out)
    assert out.read_bytes() == bytes_of(written(ask(link.study)))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    said = (tmp_path / "mine.csv.README.md").read_text("utf-8")
    assert "| file | `mine.csv` |" in said and link.study.plan_hash in said
    assert hashlib.sha256(out.read_bytes()).hexdigest() in said


def test_the_text_beside_a_file_says_what_it_holds_and_whether_formulas_were_neutralised(
    finished: Walker, link: RecruitmentLink
) -> None:
    export = written(ask(link.study, vendor=link.vendor))
    said = readme(export)
    facts = [
        f"| rows | {export.rows['comparisons']} |",
        "| whose | people of the vendor vendor-a, phase main |",
        "| variant | full: every finished conversation |",
        f"| data until | {export.data_until:%Y-%m-%dT%H:%M:%SZ} |",
        f"| frozen plan (SHA-256) | `{link.study.plan_hash}` |",
        f"| SHA-256 of the file | `{export.sha256}` |",
    ]
    assert all(fact in said for fact in facts) and link.study.plan_hash
    assert all(f"\n| `{name}` | " in said for name in FORMAT.names)
    assert "Do not pool them unawares" in said and "## Licence" in said
    assert "**Not applied.**" in said and "**Applied.**" not in said
    sheet = written(ask(link.study, format="comparisons-sheet"))
    assert "**Applied.**" in readme(sheet)
    exact = written(ask(link.study, format="comparisons-sheet", container="jsonl"))
    assert "**Not applied.**" in readme(exact)


def test_the_command_leaves_no_half_file_on_a_full_disk(
    finished: Walker, link: RecruitmentLink, tmp_path: Path
) -> None:
    with (
        no_file_larger_than(100),
        pytest.raises(CommandError, match="disk is full: ask for the file again"),
    ):
        call_command("export", link.study.key, "comparisons", out=tmp_path / "mine.csv")
    assert list(tmp_path.glob("*mine*")) == list(tmp_path.glob(".*")) == []


def test_the_command_names_what_exists(link: RecruitmentLink) -> None:
    key = link.study.key
    refusals = [
        (["no-study", "comparisons"], f"There is no study 'no-study': use one of {key}."),
        ([key, "x"], "There is no format 'x': use one of "),
        ([key, "comparisons", "--vendor", "x"], "There is no vendor 'x': use one of vendor-a."),
        ([key, "comparisons", "--phase", "x"], "There is no phase 'x': use one of preview, "),
        ([key, "comparisons", "--container", "x"], "There is no container 'x': use one of csv, "),
        ([key, "comparisons", "--out", "/none/x"], "There is no folder /none."),
    ]
    for arguments, sentence in refusals:
        with pytest.raises(CommandError) as refusal:
            call_command("export", *arguments)
        assert str(refusal.value).startswith(sentence)


def test_nothing_of_a_rehearsal_leaves_by_any_way(study: Study, tmp_path: Path) -> None:
    Study.objects.update(rehearsal_of=study)
    rehearsal, vendor = Study.objects.get(), Vendor.objects.create(key="v", name="V")
    sentence = f"The study {study.key} is a rehearsal, and nothing of it leaves"
    with pytest.raises(CommandError, match=sentence):
        call_command("export", study.key, "comparisons", out=tmp_path / "mine.csv")
    with pytest.raises(CommandError, match=sentence):
        call_command("release", study.key)
    with pytest.raises(ValidationError, match=sentence):
        ask(rehearsal)
    with pytest.raises(ValidationError, match=sentence):
        create_token(vendor=vendor, study=rehearsal, name="x")
    assert not list(tmp_path.glob("**/*mine*")) and not Export.objects.exists()
    assert not Release.objects.exists() and not ApiToken.objects.exists()

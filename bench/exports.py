"""How fast the wide table leaves, against PostgreSQL's own COPY of the same query.

Three sides take turns: `psql` copies the rows that the wide table is made of to nowhere; a
client fetches the CSV over HTTP from the product's web server and throws it away; the same rows
are written as a Parquet file. Judged are ratios of rows a second within one run, and by how
much the memory of whoever serves grows. The first byte is reported against its aim.

Run by `./run bench exports`, which starts the servers and names the web server's port and
process. BENCH_CONVERSATIONS makes it smaller (90,000), BENCH_ROUNDS shorter (3).
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection
from django.urls import reverse
from psycopg import ClientCursor

from annotation.models import Phase, Study
from bench import exports_world
from exports.actions.tokens import create_token
from exports.containers import Container, csv_query, write
from exports.formats.community_alignment import FORMAT
from exports.scope import Scope
from exports.snapshot import MEMORY, snapshot

CONVERSATIONS = int(os.environ.get("BENCH_CONVERSATIONS", "90000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
CSV_RATIO, PARQUET_RATIO = 0.5, 0.3
FIRST_BYTE_SECONDS, GROWTH_MB = 1.0, 100


def main() -> None:
    psql, port, web = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    started = time.monotonic()
    study = exports_world.make_finished_study(CONVERSATIONS)
    loaded = time.monotonic() - started
    token = create_token(
        vendor=exports_world.vendor(), study=study, name="bench", fields=FORMAT.names
    )
    scope = Scope(study=study, recipient="bench")
    fetch(port, token, whole=False)  # every part has been at it once
    with tempfile.TemporaryFile() as file:
        write_parquet(Scope(study=study, recipient="bench", phase=Phase.PILOT), file)
    played = [play(psql, port, web, token, scope) for _number in range(ROUNDS)]
    print(json.dumps(report(study, loaded, played)))


def play(psql: str, port: int, web: int, token: str, scope: Scope) -> dict[str, float]:
    """One round of the three sides: rows a second, and what else was seen."""
    rows, copying = copy(psql, scope)
    with growth(web) as grown:
        fetched, seconds, first = fetch(port, token)
    with growth(os.getpid()) as grown_here, tempfile.TemporaryFile() as file:
        written, writing = timed(lambda: write_parquet(scope, file))
        size = file.tell()
    if rows != written:
        raise SystemExit(f"{rows} rows were copied and {written} written.")
    return {
        "rows": rows,
        "copy": rows / copying,
        "csv": rows / seconds,
        "parquet": rows / writing,
        "first": first,
        "growth": grown[0],
        "parquet_growth": grown_here[0],
        "csv_mb": fetched / 1e6,
        "parquet_mb": size / 1e6,
    }


def report(study: Study, loaded: float, played: list[dict[str, float]]) -> dict[str, Any]:
    middle = {name: statistics.median(one[name] for one in played) for name in played[0]}
    csv_ratio = statistics.median(one["csv"] / one["copy"] for one in played)
    parquet_ratio = statistics.median(one["parquet"] / one["copy"] for one in played)
    most = max(max(one["growth"], one["parquet_growth"]) for one in played)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM annotation_ranking")
        comparisons = cursor.fetchone()[0]
    return {
        "conversations": int(middle["rows"]),
        "comparisons": comparisons,
        "annotators": study.participations.count(),
        "stored_in_seconds": round(loaded),
        "rounds": ROUNDS,
        "copy_rows_per_second": round(middle["copy"]),
        "csv_rows_per_second": round(middle["csv"]),
        "parquet_rows_per_second": round(middle["parquet"]),
        "csv_mb": round(middle["csv_mb"]),
        "parquet_mb": round(middle["parquet_mb"]),
        "csv_to_copy": round(csv_ratio, 2),
        "target_csv": CSV_RATIO,
        "parquet_to_copy": round(parquet_ratio, 2),
        "target_parquet": PARQUET_RATIO,
        "first_byte_seconds": round(middle["first"], 2),
        "aim_first_byte": FIRST_BYTE_SECONDS,
        "web_growth_mb": round(max(one["growth"] for one in played), 1),
        "parquet_growth_mb": round(max(one["parquet_growth"] for one in played), 1),
        "target_growth_mb": GROWTH_MB,
        "holds": csv_ratio >= CSV_RATIO and parquet_ratio >= PARQUET_RATIO and most < GROWTH_MB,
    }


def copy(psql: str, scope: Scope) -> tuple[int, float]:
    """Rows, and the seconds in which psql copies them, with the memory an export has."""
    query = csv_query(FORMAT, scope)
    connection.ensure_connection()
    statement = ClientCursor(connection.connection).mogrify(
        f"COPY ({query.sql}) TO STDOUT", query.parameters
    )
    inner, outer = scope.pseudonyms.parameters.values()
    keys = {inner: scope.pseudonyms.inner.hex(), outer: scope.pseudonyms.outer.hex()}
    with tempfile.NamedTemporaryFile("w", suffix=".sql", encoding="utf-8") as file:
        file.writelines(f"SET {name} = '{key}';\n" for name, key in keys.items())
        file.write(f"SET work_mem = '{MEMORY}';\n\\o /dev/null\n{statement};\n\\o\n")
        file.write("SELECT count(*) FROM annotation_conversation;\n")
        file.flush()
        command = [psql, os.environ["DATABASE_URL"], "-qAt", "-v", "ON_ERROR_STOP=1"]
        done, seconds = timed(
            lambda: subprocess.run(
                [*command, "-f", file.name], check=True, capture_output=True, text=True
            )
        )
    return int(done.stdout), seconds


def fetch(port: int, token: str, *, whole: bool = True) -> tuple[int, float, float]:
    """Bytes of the CSV, the seconds until its end, and those until its first byte."""
    started = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    line.request(
        "GET",
        reverse("export-community-alignment"),
        headers={"Authorization": f"Bearer {token}", "Host": "127.0.0.1"},
    )
    answer = line.getresponse()
    if answer.status != 200:
        raise SystemExit(f"The web server answered {answer.status}.")
    answer.read(1)
    first, size = time.monotonic() - started, 1
    while whole and (block := answer.read(1 << 20)):
        size += len(block)
    line.close()
    return size, time.monotonic() - started, first


def write_parquet(scope: Scope, file: Any) -> int:
    with snapshot() as cursor:
        return write(cursor, FORMAT, scope, Container.PARQUET, file)


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    started = time.monotonic()
    return act(), time.monotonic() - started


@contextmanager
def growth(process: int) -> Iterator[list[float]]:
    """By how many MB a process or one of its children has grown at most, sampled."""
    before, found, over = _sizes(process), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            for pid, size in _sizes(process).items():
                found[0] = max(found[0], (size - before.get(pid, size)) / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield found
    over.set()
    watcher.join()


def _sizes(process: int) -> dict[int, int]:
    """Resident bytes of a process and its children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    found = {}
    for pid in (process, *map(int, children)):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found[pid] = pages * os.sysconf("SC_PAGE_SIZE")
    return found


if __name__ == "__main__":
    main()

"""How fast one reader gets the change feed, against PostgreSQL's own read of the same.

A finished study of real texts; each of its judgements is announced, and each third change is
of another kind. Two sides take turns: a client reads the feed over HTTP, line by line, from the
product's web server, and PostgreSQL copies changes with their rows of the same format to this
process in one statement. Judged is the feed's rate.

Run by `./run bench feed`, which starts the servers. BENCH_FEED_CONVERSATIONS (10,000) sets
the size.
"""

import http.client
import json
import os
import statistics
import sys
import time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction
from django.urls import reverse

from annotation.models import Change, Study
from bench import exports_world
from exports.actions.tokens import create_token
from exports.containers import stream_jsonl
from exports.formats.comparisons import FORMAT
from exports.models import ApiToken
from exports.snapshot import snapshot
from exports.vendors.feed import scope_of

CONVERSATIONS = int(os.environ.get("BENCH_FEED_CONVERSATIONS", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
TARGET_RATE = 10_000  # changes a second
ANNOUNCED = """
INSERT INTO annotation_change (epoch, transaction, kind, at, study_id, vendor_id, phase,
    participation_id, conversation_id, turn_id)
SELECT 0, pg_current_xact_id()::text::bigint, said, now(), p.study_id, a.vendor_id, p.phase, p.id,
    c.id, CASE WHEN said = 'judged' THEN t.id END
FROM annotation_turn t JOIN annotation_conversation c ON c.id = t.conversation_id
JOIN annotation_participation p ON p.id = c.participation_id
JOIN accounts_annotator a ON a.id = p.annotator_id
CROSS JOIN LATERAL (
    SELECT 'judged' AS said UNION ALL SELECT 'conversation' WHERE t.position = 1
) AS told
WHERE p.study_id = %s ORDER BY c.id, t.position
"""


def main() -> None:
    port = int(sys.argv[1])
    study = exports_world.make_finished_study(CONVERSATIONS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE annotation_change")
        cursor.execute(ANNOUNCED, [study.pk])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    token = create_token(
        vendor=exports_world.vendor(), study=study, name="bench", fields=FORMAT.names
    )
    read_feed(port, token, most=2_000)
    played = [(read_feed(port, token), read_raw()) for _round in range(ROUNDS)]
    print(json.dumps(report(study, played)))


def read_feed(port: int, token: str, most: int | None = None) -> dict[str, float]:
    """Changes a second, megabytes, and seconds to the first byte."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    started = time.monotonic()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/x-ndjson"}
    address = reverse("changes") + (f"?limit={most}" if most else "")
    line.request("GET", address, headers=headers | {"Host": "127.0.0.1"})
    answer = line.getresponse()
    if answer.status != 200:
        raise SystemExit(f"The feed answered {answer.status}: {answer.read(500)!r}")
    answer.read(1)
    first, changes, size = time.monotonic() - started, 0, 1
    while block := answer.read(1 << 20):
        changes += block.count(b"\n")
        size += len(block)
    seconds = time.monotonic() - started
    return {"rate": changes / seconds, "mb": size / 1e6, "first": first, "changes": changes}


def read_raw() -> float:
    """Rows of the format a second, as COPY alone gives all of them in one statement."""
    scope, rows = scope_of(ApiToken.objects.latest("pk")), 0
    started = time.monotonic()
    with snapshot() as cursor:
        for block in stream_jsonl(cursor, FORMAT, scope):
            rows += block.count(b"\n")
    return rows / (time.monotonic() - started)


def report(study: Study, played: list[tuple[dict[str, float], float]]) -> dict[str, Any]:
    rate = statistics.median(feed["rate"] for feed, _raw in played)
    told = int(played[0][0]["changes"])
    if told != Change.objects.filter(study=study).count():
        raise SystemExit("The reader did not get every change.")
    return {
        "changes": told,
        "of_them_with_rows": Change.objects.filter(study=study, kind="judged").count(),
        "rounds": ROUNDS,
        "changes_per_second": round(rate),
        "target": TARGET_RATE,
        "megabytes": round(played[0][0]["mb"], 1),
        "megabytes_per_second": round(rate / told * played[0][0]["mb"], 1),
        "first_byte_ms": round(1000 * statistics.median(feed["first"] for feed, _raw in played)),
        "raw_rows_per_second": round(statistics.median(raw for _feed, raw in played)),
        "ratio_to_raw": round(statistics.median(feed["rate"] / raw for feed, raw in played), 2),
        "holds": rate >= TARGET_RATE,
    }


if __name__ == "__main__":
    main()

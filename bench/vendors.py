"""Do vendors who fetch their data slow the people who are ranking?

A finished study that ten vendors' programs fetch without a pause (five the change feed from its
beginning, five the wide CSV), and an open one whose annotators open conversations and submit
rankings on the same web server. Rounds take turns: annotators alone, annotators beside the ten.
Judged is the rate of annotators' cycles beside them against alone, within one run.

Run by `./run bench vendors`, which starts the servers. BENCH_VENDORS_CONVERSATIONS (10,000)
sets the size of what is fetched, BENCH_AT_ONCE (4) the annotators.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection, transaction

from annotation.models import Study
from bench import exports_world, load, world
from bench.feed import ANNOUNCED
from exports.actions.tokens import create_token
from exports.formats.comparisons import COLUMNS

CONVERSATIONS = int(os.environ.get("BENCH_VENDORS_CONVERSATIONS", "10000"))
AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "4"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "6"))
VENDORS = 10
EACH, PROMPTS, PLACES, PEOPLE = 10, 300, 60, 1800  # conversations in a plan, and so on
TARGET_RATIO = 0.8
# What is made afterwards gets names and keys of its own.
SET_APART = (
    "UPDATE candidates_promptpool SET key = 'finished'",
    "UPDATE candidates_sampler SET key = 'finished-' || key",
)
SEQUENCES = """
SELECT format('SELECT setval(%L, (SELECT coalesce(max(%I), 0) + 1 FROM %I))',
    pg_get_serial_sequence(quote_ident(table_name), column_name), column_name, table_name)
FROM information_schema.columns
WHERE table_schema = 'public' AND is_identity = 'YES'
"""


def main() -> None:
    port = int(sys.argv[1])
    tokens = make_finished()
    study = world.make_study(conversations=EACH, prompts=PROMPTS)
    people = world.make_people(world.make_locale(study, "FR", PLACES), PEOPLE)
    sessions = world.make_sessions(people)
    annotators = iter([load.annotator(port, session) for session in sessions])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    play(annotators, 3.0)  # templates and texts are read
    played = []
    for number in range(ROUNDS):
        rounds = {}
        for beside in (False, True) if number % 2 else (True, False):
            with pulling(port, tokens if beside else []) as pulled:
                rounds[beside] = play(annotators, SECONDS)
            if beside:
                fetched = pulled
        played.append((rounds[False], rounds[True], fetched))
    print(json.dumps(report(played)))


def make_finished() -> list[str]:
    """The study that is fetched, announced in the feed; ten tokens for it."""
    study: Study = exports_world.make_finished_study(CONVERSATIONS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE annotation_change")
        cursor.execute(ANNOUNCED, [study.pk])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(world.UNCHECKED)
        for statement in SET_APART:
            cursor.execute(statement)
        cursor.execute(SEQUENCES)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    vendor = exports_world.vendor()
    names = [column.name for column in COLUMNS]
    return [
        create_token(vendor=vendor, study=study, name=f"bench {number}", fields=names)
        for number in range(VENDORS)
    ]


def play(annotators: Iterator[load.Cycle], seconds: float) -> load.Round:
    return load.play(annotators, at_once=AT_ONCE, cycles_each=EACH, seconds=seconds)


@contextmanager
def pulling(port: int, tokens: list[str]) -> Iterator[dict[str, float]]:
    """The vendors' programs at work; afterwards what they got."""
    found: dict[str, float] = {}
    command = [sys.executable, "-m", "bench.pulling", str(port), *tokens]
    programs = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        told, _errors = programs.communicate("")
    found.update(json.loads(told))


def report(
    played: list[tuple[load.Round, load.Round, dict[str, float]]],
) -> dict[str, Any]:
    ratio = statistics.median(beside.rate / alone.rate for alone, beside, _got in played)
    errors = [error for alone, beside, _got in played for error in alone.errors + beside.errors]
    durations = [[seconds for one in played for seconds in one[side].durations] for side in (0, 1)]
    megabytes = statistics.median(got["megabytes"] / got["seconds"] for *_rounds, got in played)
    faults = sum(got["faults"] for *_rounds, got in played)
    return {
        "rounds": f"{ROUNDS} of {SECONDS:g} s",
        "annotators_at_once": AT_ONCE,
        "vendors_at_once": VENDORS,
        "cycles_per_second_alone": round(statistics.median(one[0].rate for one in played), 1),
        "cycles_per_second_beside": round(statistics.median(one[1].rate for one in played), 1),
        "ratio": round(ratio, 2),
        "target_ratio": TARGET_RATIO,
        "p95_ms_alone": round(1000 * load.quantile(durations[0], 95), 1),
        "p95_ms_beside": round(1000 * load.quantile(durations[1], 95), 1),
        "vendors_megabytes_per_second": round(megabytes, 1),
        "vendors_told_to_wait": int(sum(got["told_to_wait"] for *_rounds, got in played)),
        "vendors_faults": int(faults),
        "errors": len(errors),
        "first_errors": errors[:3],
        "holds": ratio >= TARGET_RATIO and not errors and not faults,
    }


if __name__ == "__main__":
    main()

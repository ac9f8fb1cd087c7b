"""Open the next conversation and submit its ranking: how much of Django's own speed is left?

1, 8 and 32 people at once, without think time, each with a plan of one-turn conversations and
no explanations. Three sides do the same work on the same tables: the product (two requests:
open, whose answer is the conversation, and submit), the floor (two plain views, see
bench/floor), and `pgbench` (the floor's statements, without anything of Python). Their rounds
take turns, so that whatever else the machine does hits all of them; the figures are medians
over rounds. A floor below a tenth of the raw rate judges nothing: such a run is void.

Run by `./run bench cycle`, which starts the servers.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from annotation.models import StudyLocale
from bench import load, world

LOADS = tuple(map(int, os.environ.get("BENCH_LOADS", "1,8,32").split(",")))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
CONVERSATIONS = 10  # in a person's plan
PROMPTS, PLACES, PEOPLE = 300, 60, 1800
RAW_SECONDS, RAW_PLACES, RAW_PEOPLE = 2, 300, 3000
TARGET_RATIO, TARGET_SPREAD, LEAST_FLOOR = 0.6, 4.0, 0.1
RAW = Path(__file__).resolve().parent / "raw.sql"


@dataclass
class Side:
    """One of the two web applications, with people who have not begun."""

    people: Iterator[load.Cycle]

    def play(self, at_once: int, seconds: float = SECONDS) -> load.Round:
        return load.play(self.people, at_once=at_once, cycles_each=CONVERSATIONS, seconds=seconds)


def main() -> None:
    pgbench, product_port, floor_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    study = world.make_study(conversations=CONVERSATIONS, prompts=PROMPTS)
    here = world.make_locale(study, "FR", PLACES)
    there = world.make_locale(study, "XF", PLACES)
    raw = world.make_locale(study, "XR", RAW_PLACES)
    sessions = world.make_sessions(world.make_people(here, PEOPLE))
    others = [person.pk for person in world.make_people(there, PEOPLE)]
    world.make_people(raw, RAW_PEOPLE)
    product = Side(load.annotator(product_port, session) for session in sessions)
    floor = Side(load.person_of_the_floor(floor_port, person) for person in others)
    for side in (product, floor):  # both have their templates and texts read
        side.play(8, 3.0)
    loads = {str(n): measure(n, product, floor, pgbench, raw) for n in LOADS}
    report = {
        "rounds": f"{ROUNDS} of {SECONDS:g} s",
        "at_once": loads,
        "void": [n for n, found in loads.items() if found["void"]],
        "target_ratio": TARGET_RATIO,
        "target_p95": f"{TARGET_SPREAD:g} x p50",
        "holds": all(found["holds"] for found in loads.values()),
    }
    print(json.dumps(report))


def measure(at_once: int, product: Side, floor: Side, pgbench: str, raw: StudyLocale) -> Any:
    """One load: rounds of all three sides in turn."""
    rounds, raw_rates = [], []
    for number in range(ROUNDS):
        sides = (product, floor) if number % 2 else (floor, product)
        played = {id(side): side.play(at_once) for side in sides}
        rounds.append((played[id(product)], played[id(floor)]))
        raw_rates.append(measure_raw(pgbench, at_once, raw))
    rate = statistics.median(mine.rate for mine, _theirs in rounds)
    floor_rate = statistics.median(theirs.rate for _mine, theirs in rounds)
    ratio = statistics.median(mine.rate / theirs.rate for mine, theirs in rounds)
    durations = [seconds for mine, _theirs in rounds for seconds in mine.durations]
    errors = [error for pair in rounds for side in pair for error in side.errors]
    p50, p95 = load.quantile(durations, 50), load.quantile(durations, 95)
    floor_to_raw = statistics.median(
        theirs.rate / rate for (_mine, theirs), rate in zip(rounds, raw_rates, strict=True)
    )
    void = floor_to_raw < LEAST_FLOOR
    return {
        "cycles_per_second": round(rate, 1),
        "floor": round(floor_rate, 1),
        "raw": round(statistics.median(raw_rates), 1),
        "ratio_to_floor": round(ratio, 3),
        "floor_to_raw": round(floor_to_raw, 3),
        "p50_ms": round(1000 * p50, 1),
        "p95_ms": round(1000 * p95, 1),
        "p95_to_p50": round(p95 / p50, 2),
        "errors": len(errors),
        "first_errors": errors[:3],
        "void": void,
        "holds": not void and not errors and ratio >= TARGET_RATIO and p95 < TARGET_SPREAD * p50,
    }


def measure_raw(pgbench: str, clients: int, locale: StudyLocale) -> float:
    """Cycles a second of the same SQL, without anything of Python."""
    script = RAW.read_text()
    people = locale.participation_set.order_by("pk")
    first, last = people.first(), people.last()
    assert first is not None and last is not None
    known = {
        "first": first.pk,
        "last": last.pk,
        "locale": locale.pk,
        "sampler": locale.study.live_sampler_id,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("".join(f"\\set {name} {value}\n" for name, value in known.items()) + script)
        file.flush()
        command = [pgbench, "--no-vacuum", "-f", file.name, "-c", str(clients)]
        command += ["-j", str(min(clients, 2)), "-T", str(RAW_SECONDS)]
        result = subprocess.run(
            [*command, os.environ["DATABASE_URL"]], capture_output=True, text=True
        )
    found = re.search(r"tps = ([\d.]+)", result.stdout)
    if result.returncode or found is None or "ERROR" in result.stderr:
        raise SystemExit(f"pgbench failed:\n{result.stdout}\n{result.stderr[-2000:]}")
    return float(found[1])


if __name__ == "__main__":
    main()

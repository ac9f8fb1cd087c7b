"""What one claim costs, with a thousand places and with a million.

Three databases on one server hold 10^3, 10^5 and 10^6 open places beside 10^2, 10^4 and 10^6
judgements. A fourth holds 120,000 places of twelve prompts, of which most people have met all:
whom statistics take for somebody who finds nothing. A process for each claims places for
people who join (`claim_slot`, in a transaction of its own that is committed); their rounds
take turns, so that whatever else the machine does hits all of them. Judged are the median
claims of the largest and of the twelve prompts against that of the smallest.

Run by `./run bench claim`, which starts the server and names four empty, migrated databases.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotation.models import Participation

# Open places, judgements, sets of each database.
SIZES = {"10^3": (1_000, 100, 100), "10^5": (100_000, 10_000, 1_000),
         "10^6": (1_000_000, 1_000_000, 10_000), "12 prompts": (120_000, 60_000, 12)}  # fmt: skip
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "10"))
CLAIMS = 30  # a round
CLAIMS_EACH = 5  # of one person
JUDGED_EACH = 100
TARGET_RATIO = 1.5


def main() -> None:
    urls = sys.argv[1:]
    started = time.monotonic()
    workers = {
        name: subprocess.Popen(
            [sys.executable, "-m", "bench.claim", "--at", name],
            env={**os.environ, "DATABASE_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, url in zip(SIZES, urls, strict=True)
    }
    for worker in workers.values():
        _ask(worker, "")  # it says when everything is stored
    prepared = time.monotonic() - started
    found: dict[str, list[float]] = {name: [] for name in SIZES}
    for number in range(ROUNDS + 1):
        for name, worker in workers.items():
            times = _ask(worker, "go")
            if number:  # the first round reads everything into memory
                found[name] += times
    for worker in workers.values():
        worker.communicate("stop\n")
    medians = {name: statistics.median(times) for name, times in found.items()}
    ratios = {name: median / medians["10^3"] for name, median in medians.items()}
    report = {
        "claims_each": len(found["10^3"]),
        "prepared_seconds": round(prepared, 1),
        "median_ms": {name: round(1000 * value, 2) for name, value in medians.items()},
        "to_10^3": {name: round(ratio, 3) for name, ratio in ratios.items()},
        "target_ratio": TARGET_RATIO,
        "holds": all(ratio <= TARGET_RATIO for ratio in ratios.values()),
    }
    print(json.dumps(report))


def _ask(worker: "subprocess.Popen[str]", word: str) -> list[float]:
    assert worker.stdin and worker.stdout
    if word:
        worker.stdin.write(word + "\n")
        worker.stdin.flush()
    line = worker.stdout.readline()
    if not line:
        raise SystemExit("a process that claims has ended")
    times: list[float] = json.loads(line)
    return times


def claim_on_request(size: str) -> None:
    """The process beside one database: stores it, then claims a round for each line it reads."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    people = _prepare(*SIZES[size])
    print("[]", flush=True)
    for line in sys.stdin:
        if line.strip() == "stop":
            break
        print(json.dumps([next(people) for _claim in range(CLAIMS)]), flush=True)


def _prepare(places: int, judgements: int, sets: int) -> Iterator[float]:
    from django.db import connection

    from annotation.models import Conversation, Deal, Grant, Ranking, Slot, Turn
    from bench import world

    study = world.make_study(conversations=10, prompts=sets, with_texts=False)
    done, groups = judgements // sets, -(-sets // JUDGED_EACH)
    locale = study.locales.get(country="FR", language=world.LANGUAGE)
    judges = world.make_people(locale, groups * done)
    with world.without_indexes(Slot, Grant, Deal, Conversation, Turn, Ranking):
        world.make_judged(locale, done, judges=judges[0].pk, groups=groups, each=JUDGED_EACH)
        world.make_locale(study, "FR", places // sets, first=done)
    newcomers = world.make_people(locale, (ROUNDS + 1) * CLAIMS // CLAIMS_EACH)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return _claims(newcomers)


def _claims(people: "list[Participation]") -> Iterator[float]:
    """Seconds of one claim after the other."""
    from django.db import transaction

    from annotation.actions.assignment import claim_slot

    for person in people:
        for _claim in range(CLAIMS_EACH):
            started = time.perf_counter()
            with transaction.atomic():
                grant = claim_slot(participation=person)
            yield time.perf_counter() - started
            assert grant is not None


if __name__ == "__main__":
    if sys.argv[1] == "--at":
        claim_on_request(sys.argv[2])
    else:
        main()

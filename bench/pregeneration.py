"""Pre-generation at a provider that takes two seconds: how near to the ideal is one worker?

Ideal seconds = calls × latency / concurrency. Measured on a tenth of 2,500 prompts in
five languages, one call a set. Also: the most calls in flight at the provider, the
worker's largest memory, and the largest number of database connections.

Run by `./run bench`, which starts the servers, the provider and the worker.
"""

import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import yaml
from django.db import connection, transaction

from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from candidates.models import CandidateSet, Generation

LATENCY = 2.0
CONCURRENCY = 64
PROMPTS = 250
TARGET_RATIO = 0.9
DEFINITION = Path(__file__).resolve().parent.parent / "demo" / "everyday_questions.yaml"


def main() -> None:
    worker = int(sys.argv[1])
    study = apply_study(definition())
    warm_up(study)
    provider("/demo/latency", {"seconds": LATENCY})
    with transaction.atomic():
        wanted = [item.pk for item in request_pool(study=study)]
    started = time.monotonic()
    peak = watch(wanted, worker)
    seconds = time.monotonic() - started
    provider("/demo/latency", {"seconds": 0})
    ideal = len(wanted) * LATENCY / CONCURRENCY
    calls = Generation.objects.filter(candidate_set__in=wanted).count()
    report = {
        "sets": len(wanted),
        "calls": calls,
        "seconds": round(seconds, 1),
        "ideal_seconds": round(ideal, 1),
        "ratio_of_ideal": round(ideal / seconds, 3),
        "target_ratio": TARGET_RATIO,
        "most_calls_in_flight": peak["in_flight"],
        "worker_megabytes": peak["megabytes"],
        "database_connections": peak["connections"],
        "longest_transaction_seconds": round(peak["transaction"], 2),
        "holds": ideal / seconds >= TARGET_RATIO and peak["megabytes"] < 400,
    }
    print(json.dumps(report))


def definition() -> dict[str, Any]:
    """The demo study with many plain prompts and a sampler of one call a set."""
    made: dict[str, Any] = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    made["study"] |= {"key": "bench", "pool_sampler": "diverse"}
    languages = made["pool"]["prompts"][0]["texts"]
    made["pool"] = {
        "key": "bench",
        "prompts": [
            {
                "key": f"bench-{number}",
                "texts": {code: f"{text} ({number})" for code, text in languages.items()},
            }
            for number in range(PROMPTS)
        ],
    }
    return made


def warm_up(study: Any) -> None:
    """One set, so that imports, the language models and the endpoint's form are there."""
    from candidates.actions.sets import request_live_set

    made = request_live_set(
        sampler=study.live_sampler,
        language="en",
        context=[{"role": "user", "content": "Hello"}],
        seed=1,
    )
    while not CandidateSet.objects.ready().filter(pk=made.pk).exists():
        time.sleep(0.2)


def watch(wanted: list[int], worker: int) -> dict[str, float]:
    peak = {"in_flight": 0.0, "megabytes": 0.0, "connections": 0.0, "transaction": 0.0}
    while CandidateSet.objects.filter(pk__in=wanted, status="pending").exists():
        peak["in_flight"] = max(peak["in_flight"], provider("/demo/calls")["in_flight"])
        peak["megabytes"] = max(peak["megabytes"], megabytes(worker))
        connections, transaction_age = database()
        peak["connections"] = max(peak["connections"], connections)
        peak["transaction"] = max(peak["transaction"], transaction_age)
        time.sleep(0.5)
    return peak


def megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return round(int(line.split()[1]) / 1024, 1)


def database() -> tuple[int, float]:
    """Connections of others, and the age of the oldest open transaction in seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(max(extract(epoch FROM now() - xact_start)), 0) "
            "FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        count, age = cursor.fetchone()
    return count, float(age)


def provider(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    address = os.environ["OPENAI_BASE_URL"].removesuffix("/v1") + path
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(address, data=data, timeout=10) as response:  # noqa: S310
        answer: dict[str, Any] = json.load(response)
        return answer


if __name__ == "__main__":
    main()

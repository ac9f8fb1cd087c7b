"""How soon pages of figures open, and what computing them takes, at the published size.

A study of 233,000 judgements, made by rows, closed, with sixty prompts as its core. Each figure
is computed as a worker computes it: once about turn 1 of pool conversations, and once about all
turns. Then a member of the team opens the pages from the product's web server. Judged are the
opening of a page whose figures are stored, and the memory that computing adds.

Run by `./run bench figures`, which starts the servers and names the web server's port.
BENCH_CONVERSATIONS makes it smaller (90,000).
"""

import http.client
import json
import os
import resource
import statistics
import sys
import time
from importlib import import_module
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import reverse

from accounts.models import User
from annotation.models import Phase, Study
from bench import exports_world
from insights.figures.catalogue import FIGURES, GROUPS
from insights.figures.computing import compute_figures
from insights.figures.figure import Options, Turns
from insights.figures.reading import read_judgements
from insights.figures.sections import request_all
from insights.figures.snapshots import snapshot
from insights.models import ComputedFigure

CONVERSATIONS = int(os.environ.get("BENCH_CONVERSATIONS", "90000"))
CORE, TIMES = 60, 9
PAGE_SECONDS, GROWTH_MB = 0.5, 1500


def main() -> None:
    port = int(sys.argv[1])
    study = exports_world.make_finished_study(CONVERSATIONS)
    study.core = list(study.pool.prompts.order_by("pk").values_list("key", flat=True)[:CORE])
    study.status = Study.Status.CLOSED
    study.save()
    computed = {turns.value: compute(study, turns) for turns in (Turns.FIRST, Turns.ALL)}
    pages = open_pages(study, port)
    grown = max(one["growth_mb"] for one in computed.values())
    slowest = max(pages.values())
    figures = {
        "computed": computed,
        "page_seconds": pages,
        "target_page_seconds": PAGE_SECONDS,
        "target_growth_mb": GROWTH_MB,
        "holds": slowest <= PAGE_SECONDS and grown <= GROWTH_MB,
    }
    print(json.dumps(figures))


def compute(study: Study, turns: Turns) -> dict[str, Any]:
    """Seconds of reading and of each figure, and by how much the process grew."""
    before, options = peak(), Options(turns=turns.value)
    began = time.monotonic()
    with snapshot():
        data = read_judgements(study, Phase.MAIN, options)
    reading, judgements = time.monotonic() - began, len(data)
    del data
    request_all(study=study, phase=Phase.MAIN, options=options, figures=FIGURES, enqueue=False)
    began = time.monotonic()
    for one in {figure.chosen(options) for figure in FIGURES}:
        compute_figures(study.pk, Phase.MAIN, one)
    rows = ComputedFigure.objects.filter(options_hash=options.hash)
    failed = rows.exclude(state=ComputedFigure.State.READY)
    if failed.exists():
        raise SystemExit(f"These failed: {', '.join(failed.values_list('figure', flat=True))}.")
    return {
        "judgements": judgements,
        "reading_seconds": round(reading, 1),
        "all_figures_seconds": round(time.monotonic() - began, 1),
        "growth_mb": round(peak() - before),
        "seconds": {row.figure: round(row.seconds or 0, 2) for row in rows},
    }


def peak() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def open_pages(study: Study, port: int) -> dict[str, float]:
    """Median seconds until a page has arrived whole, by group of figures."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={session()}"
    found = {}
    for group in GROUPS:
        path = f"{reverse('study-figures', args=[study.key])}?group={group}"
        found[group] = statistics.median(fetch(port, path, cookie) for _time in range(TIMES))
    return {group: round(seconds, 3) for group, seconds in found.items()}


def fetch(port: int, path: str, cookie: str) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200 or b"data version" not in body:
        raise SystemExit(f"{path} answers {answer.status}.")
    return time.monotonic() - began


def session() -> str:
    """The key of a session of somebody who may see everything."""
    user = User.objects.create_superuser("bench", password="only-for-benchmarks")  # noqa: S106
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


if __name__ == "__main__":
    main()

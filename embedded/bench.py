"""./run bench: starts what a benchmark needs, runs it, prints ratios."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from embedded import servers
from embedded.children import Children
from embedded.demo import compile_messages, manage, start_provider
from embedded.install import DATA, PYTHON, ROOT, VENV, ensure_installed
from embedded.words import Stop, step

THREADS = 72  # more than the 64 calls that the endpoint may have in flight


def bench(arguments: Sequence[str]) -> int:
    """Runs every benchmark; with `--json FILE` writes its figures. Status 1 if one fails."""
    if arguments and (len(arguments) != 2 or arguments[0] != "--json"):
        raise Stop("Usage: ./run bench [--json FILE]")
    ensure_installed("requirements-embedded.txt")
    data = DATA / "bench"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    children = Children(data / "logs", os.environ)
    try:
        with step("Database, broker and demo provider"):
            children.environment |= {
                "PLURIVOX_EMBEDDED": "1",
                "SECRET_KEY": "only-for-benchmarks",
                "SITE_URL": "http://127.0.0.1",
                "DATABASE_URL": servers.start_postgres(children, data),
                "REDIS_URL": servers.start_valkey(children, data),
                **start_provider(children),
            }
            compile_messages(children.environment)
            manage(children.environment, "migrate", "--no-input", "--verbosity=0")
        figures = {"pregeneration": _pregeneration(children)}
    finally:
        children.stop()
    for name, found in figures.items():
        print(f"\n{name}: {'holds' if found['holds'] else 'FALLS SHORT'}")
        for key, value in found.items():
            print(f"  {key:<30} {value}")
    if arguments:
        Path(arguments[1]).write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if all(found["holds"] for found in figures.values()) else 1


def _pregeneration(children: Children) -> dict[str, object]:
    celery: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "worker", "-l", "WARNING"]
    queues = ["-Q", "live,generation,housekeeping", "--pool", "threads"]
    worker = children.start("worker", [*celery, *queues, "--concurrency", str(THREADS)])
    with step("Pre-generation, 1,250 sets at 2 s a call"):
        result = subprocess.run(
            [PYTHON, "-m", "bench.pregeneration", str(worker.process.pid)],
            cwd=ROOT,
            env=children.environment,
            capture_output=True,
            text=True,
        )
    if result.returncode:
        raise Stop(f"The benchmark of pre-generation failed:\n{result.stderr[-2000:]}")
    figures: dict[str, object] = json.loads(result.stdout.strip().splitlines()[-1])
    return figures

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
from embedded.suite import find_browser
from embedded.words import Stop, step

THREADS = 72  # more than the 64 calls that the endpoint may have in flight


def bench(arguments: Sequence[str]) -> int:
    """Runs every benchmark; with `--json FILE` writes its figures. Status 1 if one fails."""
    if arguments and (len(arguments) != 2 or arguments[0] != "--json"):
        raise Stop("Usage: ./run bench [--json FILE]")
    ensure_installed("requirements-dev.txt")  # Chromium is driven by Playwright
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
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "STATIC_ROOT": str(data / "static"),
                "PLURIVOX_CHROMIUM": find_browser(),
                "DATABASE_URL": servers.start_postgres(children, data),
                "REDIS_URL": servers.start_valkey(children, data),
                **start_provider(children),
            }
            compile_messages(children.environment)
            manage(children.environment, "migrate", "--no-input", "--verbosity=0")
            manage(children.environment, "collectstatic", "--no-input", "--verbosity=0")
        figures = {
            "first_ranking": _first_ranking(children),
            "pregeneration": _pregeneration(children),
        }
    finally:
        children.stop()
    for name, found in figures.items():
        print(f"\n{name}: {'holds' if found['holds'] else 'FALLS SHORT'}")
        for key, value in found.items():
            print(f"  {key:<30} {value}")
    if arguments:
        Path(arguments[1]).write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if all(found["holds"] for found in figures.values()) else 1


def _first_ranking(children: Children) -> dict[str, object]:
    port = servers.free_port()
    gunicorn: list[str | Path] = [VENV / "bin" / "gunicorn", "config.wsgi", "--no-control-socket"]
    children.start("web", [*gunicorn, "--threads", "8", "--bind", f"127.0.0.1:{port}"])
    children.wait_until(lambda: servers.is_listening(port), "The web server")
    site = f"http://127.0.0.1:{port}"
    chromium = children.environment["PLURIVOX_CHROMIUM"]
    with step("First ranking, on a line of 400 kbit/s and 400 ms"):
        return _figures(children, "bench.first_ranking", site, chromium)


def _pregeneration(children: Children) -> dict[str, object]:
    celery: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "worker", "-l", "WARNING"]
    queues = ["-Q", "live,generation,housekeeping", "--pool", "threads"]
    worker = children.start("worker", [*celery, *queues, "--concurrency", str(THREADS)])
    with step("Pre-generation, 1,250 sets at 2 s a call"):
        return _figures(children, "bench.pregeneration", str(worker.process.pid))


def _figures(children: Children, module: str, *arguments: str) -> dict[str, object]:
    """Runs one benchmark; the last line that it prints is its figures."""
    result = subprocess.run(
        [PYTHON, "-m", module, *arguments],
        cwd=ROOT,
        env=children.environment,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise Stop(f"{module} failed:\n{result.stderr[-2000:]}")
    figures: dict[str, object] = json.loads(result.stdout.strip().splitlines()[-1])
    return figures

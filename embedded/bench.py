"""./run bench: starts what a benchmark needs, runs it, prints ratios."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from embedded import servers
from embedded.children import Children
from embedded.demo import compile_messages, manage, start_provider, start_web
from embedded.install import DATA, PYTHON, ROOT, VENV, ensure_installed
from embedded.suite import find_browser
from embedded.words import Stop, step

THREADS = 72  # more than the 64 calls that the endpoint may have in flight


def bench(arguments: Sequence[str]) -> int:
    """Runs the named benchmarks, or every one; with `--json FILE` writes their figures.

    Status 1 if one falls short.
    """
    names, file = _read(arguments)
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
                "PSEUDONYM_KEY": "only-for-benchmarks",
                "EXPORTS_DIR": str(data / "exports"),
                "SITE_URL": "http://127.0.0.1",
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "STATIC_ROOT": str(data / "static"),
                "DATABASE_URL": servers.start_postgres(children, data),
                "REDIS_URL": servers.start_valkey(children, data),
                **start_provider(children),
            }
            compile_messages(children.environment)
            manage(children.environment, "migrate", "--no-input", "--verbosity=0")
            manage(children.environment, "collectstatic", "--no-input", "--verbosity=0")
        figures = {name: PARTS[name](children) for name in names}
    finally:
        children.stop()
    for name, found in figures.items():
        print(f"\n{name}: {'holds' if found['holds'] else 'FALLS SHORT'}")
        _print(found)
    if file:
        file.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if all(found["holds"] for found in figures.values()) else 1


def _read(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    """The parts that are asked for, and the file for the figures."""
    names, file = list(arguments), None
    if "--json" in names:
        place = names.index("--json")
        if place + 1 >= len(names):
            raise Stop(USAGE)
        file = Path(names[place + 1])
        del names[place : place + 2]
    if set(names) - set(PARTS):
        raise Stop(USAGE)
    return names or list(PARTS), file


def _print(found: Mapping[str, object], indent: str = "  ") -> None:
    for key, value in found.items():
        if isinstance(value, dict):
            print(f"{indent}{key}")
            _print(value, indent + "  ")
        else:
            print(f"{indent}{key:<30} {value}")


def _cycle(children: Children) -> dict[str, object]:
    """Both web applications as ./run demo starts one; PostgreSQL's own load beside them."""
    ports = [servers.free_port(), servers.free_port()]
    start_web(children, ports[0])
    start_web(children, ports[1], application="bench.floor.wsgi")
    for port in ports:
        children.wait_until(partial(servers.is_listening, port), "The web server")
    pgbench = str(servers.find_postgres() / "pgbench")
    with step("Opening and ranking, 1, 8 and 32 at once"):
        return _figures(children, "bench.cycle", pgbench, *map(str, ports))


def _claim(children: Children) -> dict[str, object]:
    psql = servers.find_postgres() / "psql"
    server, _slash, empty = children.environment["DATABASE_URL"].rpartition("/")
    names = ["claim_small", "claim_middle", "claim_large", "claim_few"]
    with step("One claim among 10^3 to 10^6 places"):
        for name in names:
            made = f"CREATE DATABASE {name} TEMPLATE {empty}"
            command: list[str | Path] = [psql, f"{server}/template1", "--quiet", "-c", made]
            subprocess.run(command, check=True)
        return _figures(children, "bench.claim", *[f"{server}/{name}" for name in names])


def _first_ranking(children: Children) -> dict[str, object]:
    port = servers.free_port()
    gunicorn: list[str | Path] = [VENV / "bin" / "gunicorn", "config.wsgi", "--no-control-socket"]
    children.start("web", [*gunicorn, "--threads", "8", "--bind", f"127.0.0.1:{port}"])
    children.wait_until(lambda: servers.is_listening(port), "The web server")
    site = f"http://127.0.0.1:{port}"
    chromium = find_browser()
    with step("First ranking, on a line of 400 kbit/s and 400 ms"):
        return _figures(children, "bench.first_ranking", site, chromium)


def _pregeneration(children: Children) -> dict[str, object]:
    celery: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "worker", "-l", "WARNING"]
    queues = ["-Q", "live,generation,housekeeping", "--pool", "threads"]
    worker = children.start("worker", [*celery, *queues, "--concurrency", str(THREADS)])
    with step("Pre-generation, 1,250 sets at 2 s a call"):
        return _figures(children, "bench.pregeneration", str(worker.process.pid))


def _exports(children: Children) -> dict[str, object]:
    """A database of its own, as large as the published dataset, and a web server upon it."""
    binaries, usual = servers.find_postgres(), children.environment["DATABASE_URL"]
    server, _slash, _name = usual.rpartition("/")
    with step("What leaves, at the published dataset's size (some minutes)"):
        psql: list[str | Path] = [binaries / "psql", f"{server}/template1", "--quiet"]
        subprocess.run([*psql, "-c", "CREATE DATABASE exports"], check=True)
        children.environment["DATABASE_URL"] = f"{server}/exports"
        try:
            manage(children.environment, "migrate", "--no-input", "--verbosity=0")
            port = servers.free_port()
            web = start_web(children, port)
            children.wait_until(partial(servers.is_listening, port), "The web server")
            known = [str(binaries / "psql"), str(port), str(web.process.pid)]
            return _figures(children, "bench.exports", *known)
        finally:
            children.environment["DATABASE_URL"] = usual


def _feed(children: Children) -> dict[str, object]:
    """On a database of its own, for its study has the keys of a benchmark's other one."""
    return _of_the_web(children, "feed", "The change feed, to one reader")


def _figures_of_a_study(children: Children) -> dict[str, object]:
    return _of_the_web(children, "figures", "Figures, at the published dataset's size")


def _vendors(children: Children) -> dict[str, object]:
    return _of_the_web(children, "vendors", "Annotators, alone and beside ten vendors")


def _of_the_web(children: Children, name: str, title: str) -> dict[str, object]:
    """One benchmark of a web server upon a database of its own, both named after it."""
    binaries, usual = servers.find_postgres(), children.environment["DATABASE_URL"]
    server, _slash, _name = usual.rpartition("/")
    with step(title):
        command: list[str | Path] = [binaries / "psql", f"{server}/template1", "--quiet"]
        subprocess.run([*command, "-c", f"CREATE DATABASE {name}"], check=True)
        children.environment["DATABASE_URL"] = f"{server}/{name}"
        try:
            manage(children.environment, "migrate", "--no-input", "--verbosity=0")
            port = servers.free_port()
            start_web(children, port)
            children.wait_until(partial(servers.is_listening, port), "The web server")
            return _figures(children, f"bench.{name}", str(port))
        finally:
            children.environment["DATABASE_URL"] = usual


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


PARTS: dict[str, Callable[[Children], dict[str, object]]] = {
    "claim": _claim,  # first: it copies the database while that is empty
    "cycle": _cycle,
    "exports": _exports,
    "feed": _feed,
    "figures": _figures_of_a_study,
    "first_ranking": _first_ranking,
    "pregeneration": _pregeneration,
    "vendors": _vendors,
}
USAGE = f"Usage: ./run bench [{' | '.join(PARTS)} …] [--json FILE]"

"""./run test: sets up what the tests need, then runs every check and every test."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from embedded import servers
from embedded.children import Children
from embedded.demo import compile_messages, start_provider
from embedded.install import DATA, PYTHON, ROOT, VENV, ensure_installed
from embedded.words import Stop, step

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# About half of the time; the checks and all other tests run beside them.
HALF = ("tests/browser", "tests/exports")
SERVERS = {"DATABASE_URL", "REDIS_URL"}  # set: those are used and none is started
BIN = VENV / "bin"
CHECKS: dict[str, Sequence[str | Path]] = {
    "ruff check": [BIN / "ruff", "check", ".", "run"],
    "ruff format": [BIN / "ruff", "format", "--check", ".", "run"],
    "mypy": [BIN / "mypy"],
    "import-linter": [BIN / "lint-imports"],
    "migrations complete": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "Dockerfile": [BIN / "hadolint", "Dockerfile"],
    "docker-compose.yml": [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
                           "docker-compose.yml"],
}  # fmt: skip


def test(arguments: Sequence[str]) -> int:
    """Every check and test; with arguments, only pytest with these. Returns an exit status."""
    ensure_installed("requirements-dev.txt")
    browser = find_browser()
    data = DATA / "test"
    shutil.rmtree(data, ignore_errors=True)
    if arguments:
        with _parts(data, browser) as environment:
            print("  pytest", flush=True)
            return _pytest(environment, arguments).wait()
    os.environ.setdefault("PLURIVOX_PICTURES", "1")
    with _parts(data, browser) as environment:
        if SERVERS & set(os.environ):  # two halves would meet in one database
            failed = _check(environment)
            print("  pytest", flush=True)
            return 1 if _pytest(environment, []).wait() or failed else 0
        with _parts(data / "half", browser, static=data / "static") as beside:
            return 1 if any(_two_halves(environment, beside, data)) else 0


def _check(environment: Mapping[str, str]) -> bool:
    """Every check, one after the other. Returns whether one failed."""
    failed = [_run(environment, name, command) for name, command in CHECKS.items()]
    return any(failed)


def _two_halves(
    environment: Mapping[str, str], beside: Mapping[str, str], data: Path
) -> Sequence[int]:
    """The tests of HALF, and beside them the checks and all other tests, on servers of their own.

    Returns exit statuses. What HALF says is printed when it has ended.
    """
    print(f"  pytest {' '.join(HALF)}, and beside it:", flush=True)
    said = data / "half.txt"
    with said.open("wb") as output:
        half = _pytest(beside, HALF, output)
        try:
            failed = _check(environment)
            print("  pytest, the rest", flush=True)
            status = _pytest(environment, ["tests", *(f"--ignore={name}" for name in HALF)]).wait()
            print(f"  {', '.join(HALF)}", flush=True)
            return failed, status, half.wait()
        finally:
            half.kill()
            print(said.read_text(errors="replace"), flush=True)


def _pytest(
    environment: Mapping[str, str], arguments: Sequence[str], output: BinaryIO | None = None
) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [PYTHON, "-m", "pytest", *arguments]
    errors = subprocess.STDOUT if output else None
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=errors)


@contextmanager
def _parts(data: Path, browser: str, *, static: Path | None = None) -> Iterator[Mapping[str, str]]:
    """Database, broker and provider; what processes need to know of them.

    Static files, unless they were collected before, are collected beside them.
    """
    data.mkdir(mode=0o700, parents=True)
    children = Children(data / "logs", os.environ)
    try:
        with step("Database, broker and demo provider"):
            children.environment |= _environment(children, data, browser)
        if static:
            children.environment["STATIC_ROOT"] = str(static)
        else:
            _collect(children.environment)
        yield children.environment
    finally:
        children.stop()


def _collect(environment: dict[str, str]) -> None:
    compile_messages(environment)
    command: list[str | Path] = [PYTHON, "manage.py", "collectstatic", "--no-input", "-v0"]
    if _run(environment, "static files", command):
        raise Stop("The static files could not be collected.")


def _bytecode() -> dict[str, str]:
    """Where Python may not put it beside the sources, it goes to .data and stays there: each of
    the many processes would otherwise compile everything anew, for seconds."""
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(DATA / "bytecode")}


def _environment(children: Children, data: Path, browser: str) -> dict[str, str]:
    database = os.environ.get("DATABASE_URL")
    return {
        **_bytecode(),
        "PLURIVOX_EMBEDDED": "1",
        "SECRET_KEY": "only-for-tests",
        "PSEUDONYM_KEY": "only-for-tests",
        "EXPORTS_DIR": str(data / "exports"),
        "SITE_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "STATIC_ROOT": str(data / "static"),
        "DATABASE_URL": database or servers.start_postgres(children, data, durable=False),
        "REDIS_URL": os.environ.get("REDIS_URL") or servers.start_valkey(children, data),
        **start_provider(children),
        "PLURIVOX_CHROMIUM": browser,
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's loop runs in the tests' thread
    }


def _run(environment: Mapping[str, str], name: str, command: Sequence[str | Path]) -> bool:
    """Runs one check; prints what it said when it failed. Returns whether it failed."""
    with step(name):
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if result.returncode:
        print(result.stdout, f"FAILED: {name}", flush=True)
    return result.returncode != 0


def find_browser() -> str:
    """The browser that a variable names, the machine's, or one installed here and now."""
    named = os.environ.get("PLURIVOX_CHROMIUM")
    if named:
        if not shutil.which(named):
            raise Stop(f"PLURIVOX_CHROMIUM names {named}, which is not an executable file.")
        return named
    wanted = [] if any(map(shutil.which, BROWSERS)) else ["chromium"]
    if not has_devanagari():
        wanted.append("fonts-lohit-deva")
    if wanted:
        _apt_install(wanted)
    for name in BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    raise Stop("No Chromium was found: install one, or set PLURIVOX_CHROMIUM to its path.")


def has_devanagari() -> bool:
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(["fc-list", ":lang=hi"], capture_output=True, text=True)
    return bool(found.stdout.strip())


def _apt_install(packages: list[str]) -> None:
    line = f"apt-get install --yes --no-install-recommends {' '.join([*packages, 'fontconfig'])}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Stop(
            f"The browser tests need {' and '.join(packages)}. Type: sudo {line}\n"
            "(or set PLURIVOX_CHROMIUM to the path of a Chromium), then run again."
        )
    with step(f"Installing {' and '.join(packages)}"):
        for command in ("apt-get update", line):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            result = subprocess.run(
                command.split(), env=environment, capture_output=True, text=True
            )
        if result.returncode:
            raise Stop(f"apt-get could not install the browser. Type it to see why: {line}")

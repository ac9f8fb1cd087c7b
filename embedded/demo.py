"""./run demo: the whole of Plurivox on this machine, collecting data."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from embedded import servers
from embedded.children import Child, Children
from embedded.install import DATA, PYTHON, ROOT, VENV, ensure_installed
from embedded.words import Stop, step

RUNTIME = DATA / "runtime.env"
FACTS = DATA / "demo.json"
REHEARSAL_SEED = "1"


def demo(*, reset: bool, port: int, people: int = 0) -> None:
    started = time.monotonic()
    print("Plurivox", flush=True)
    ensure_installed("requirements-embedded.txt")
    lock = _only_one()
    if reset:
        _forget()
        if os.environ.get("DATABASE_URL"):
            print("  DATABASE_URL is set: that database was left as it is.", flush=True)
    if os.environ.get("OPENAI_BASE_URL") and not os.environ.get("OPENAI_API_KEY"):
        print("  OPENAI_API_KEY is not set: OPENAI_BASE_URL is not used.", flush=True)
    if servers.is_listening(port):
        raise Stop(f"Port {port} is taken. Choose another one: PORT={port + 1} ./run demo")
    # Both, even where a shell started this in the background and ignores Ctrl-C for it.
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    children = Children(DATA / "logs", os.environ)
    try:
        _start(children, port)
        if people:
            _rehearse(children, people)
        facts = json.loads(FACTS.read_text())
        print(_summary(facts, time.monotonic() - started), flush=True)
        children.watch()
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
    finally:
        children.stop()
        RUNTIME.unlink(missing_ok=True)
        lock.close()


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _only_one() -> Any:
    lock = (DATA / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Stop(
            "A demo of this checkout is running already: use it, or stop it with Ctrl-C."
        ) from None
    return lock


def _forget() -> None:
    """Removes the demo's data, and nothing that was installed."""
    for name in ("postgres", "logs", "static"):
        shutil.rmtree(DATA / name, ignore_errors=True)
    for name in ("demo.json", "secret_key", "static.stamp", "postgres.password", "valkey.conf"):
        (DATA / name).unlink(missing_ok=True)


def _start(children: Children, port: int) -> None:
    with step("Database and broker"):
        environment = {
            "DATABASE_URL": os.environ.get("DATABASE_URL")
            or servers.start_postgres(children, DATA),
            "REDIS_URL": os.environ.get("REDIS_URL") or servers.start_valkey(children, DATA),
            **site_environment(port),
        }
    environment |= _provider(children)
    children.environment |= environment
    servers.write_secret(RUNTIME, "".join(f"{k}={v}\n" for k, v in environment.items()))
    with step("Messages and tables"):
        compile_messages(children.environment)
        manage(children.environment, "migrate", "--no-input", "--verbosity=0")
    collect_static(children.environment)
    with step("Worker, beat, web and the demo study"):
        start_worker(children)
        start_export_worker(children)
        beat: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "beat", "-l", "WARNING"]
        children.start("beat", [*beat, "--schedule", DATA / "beat-schedule"])
        start_web(children, port)
        _load(children)
        children.wait_until(lambda: _answers(port), "The web server")


def site_environment(port: int) -> dict[str, str]:
    return {
        "PLURIVOX_EMBEDDED": "1",
        "SECRET_KEY": _secret("secret_key"),
        "PSEUDONYM_KEY": _secret("pseudonym_key"),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
    }


def _secret(name: str) -> str:
    """A random key of this installation, made once."""
    key = DATA / name
    if not key.exists():
        servers.write_secret(key, secrets.token_urlsafe(50))
    return key.read_text()


def _provider(children: Children) -> dict[str, str]:
    """A real provider when one is set, else the demo's own."""
    names = ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")
    given = {name: os.environ[name] for name in names if os.environ.get(name)}
    if "OPENAI_API_KEY" in given:
        return {"OPENAI_BASE_URL": "https://api.openai.com/v1", **given}
    with step("Demo provider"):
        return start_provider(children)


def start_provider(children: Children) -> dict[str, str]:
    port = servers.free_port()
    children.start("provider", [PYTHON, "-m", "demo.provider", "--port", str(port)])
    children.wait_until(lambda: servers.is_listening(port), "The demo provider")
    return {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "demo"}


def start_worker(children: Children) -> Child:
    """Threads suit work that mostly waits for a provider."""
    return _start_worker(children, "worker", "live,generation,housekeeping", threads=8)


def start_export_worker(children: Children) -> Child:
    """Files and figures are work for a processor: people's responses never wait for it."""
    return _start_worker(children, "export-worker", "exports", threads=1)


def _start_worker(children: Children, name: str, queues: str, *, threads: int) -> Child:
    celery: list[str | Path] = [VENV / "bin" / "celery", "-A", "config", "worker", "-l", "WARNING"]
    size = ["-Q", queues, "--pool", "threads", "--concurrency", str(threads), "-n", f"{name}@%h"]
    return children.start(name, [*celery, *size, "--without-gossip", "--without-mingle"])


def start_web(children: Children, port: int, application: str = "config.wsgi") -> Child:
    gunicorn: list[str | Path] = [VENV / "bin" / "gunicorn", application, "--no-control-socket"]
    size = ["--preload", "--workers", "2", "--threads", "6"]  # loaded once, then forked
    name = "web" if application == "config.wsgi" else application
    return children.start(name, [*gunicorn, *size, "--bind", f"127.0.0.1:{port}"])


def manage(environment: dict[str, str], *arguments: str) -> None:
    result = subprocess.run(
        [PYTHON, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        last = result.stdout.strip().splitlines()[-1:] or ["it printed nothing"]
        raise Stop(f"manage.py {arguments[0]} failed: {last[0]}")


def compile_messages(environment: dict[str, str]) -> None:
    """Not a management command: it needs no database, and runs before the first check."""
    sources = ROOT.glob("locale/*/LC_MESSAGES/*.po")
    if not any(_is_newer(source, source.with_suffix(".mo")) for source in sources):
        return
    code = "from config.messages import compile_all; compile_all()"
    result = subprocess.run([PYTHON, "-c", code], cwd=ROOT, env=environment)
    if result.returncode:
        raise Stop("The interface messages could not be compiled: see the lines above.")


def _is_newer(source: Path, target: Path) -> bool:
    return not target.exists() or target.stat().st_mtime < source.stat().st_mtime


def collect_static(environment: dict[str, str]) -> None:
    """Compresses the static files, where they have changed since the last time."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    digest.update((ROOT / "config" / "static.py").read_bytes())
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    stamp = DATA / "static.stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    with step("Static files"):
        manage(environment, "collectstatic", "--no-input", "--verbosity=0")
    stamp.write_text(digest.hexdigest())


def _load(children: Children) -> None:
    """Runs beside the watch over the others: a dead worker is told, not waited for."""
    loader = children.start("loader", [PYTHON, "manage.py", "load_demo", "--facts", FACTS])
    while loader.process.poll() is None:
        children.check()
        time.sleep(0.1)
    if loader.process.returncode:
        raise Stop(f"The demo study could not be loaded:\n{loader.last_lines()}")
    if "--reset" in loader.last_lines():
        print(f"  {loader.last_lines().strip().splitlines()[0]}", flush=True)
    children.dismiss(loader)


def _rehearse(children: Children, people: int) -> None:
    """Simulated people play a copy of the demo study, once; a second start keeps them.

    With few people not every check can hold, which is no fault of the demo: what they
    found stands in a log.
    """
    with step(f"A rehearsal of {people} simulated people"):
        options = ["--annotators", str(people), "--seed", REHEARSAL_SEED]
        player = children.start("rehearsal", [PYTHON, "manage.py", "rehearse", *options])
        while player.process.poll() is None:
            children.check(besides=player)
            time.sleep(0.2)
    children.dismiss(player)
    print(f"  What it found: {player.log.relative_to(ROOT)}", flush=True)


def _answers(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/healthz?parts=database,broker,worker,provider"
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _summary(facts: dict[str, str], seconds: float) -> str:
    return f"""
Ready after {seconds:.0f} s.

  Annotators join here     {facts["join_url"]}
  Researchers work here    {facts["researcher_url"]}
                           user {facts["researcher_username"]}, \
password {facts["researcher_password"]}
  Vendors fetch data with  curl -H "Authorization: Bearer {facts["vendor_token"]}" \\
                             {facts["export_url"]}

The same facts are in .data/demo.json. Ctrl-C stops everything; the data stay.
"""


def doctor() -> int:
    """What is missing: whether a demo runs, and which of its parts answer."""
    if not PYTHON.exists():
        raise Stop("Nothing is installed yet: start with ./run demo")
    if not RUNTIME.exists() and not os.environ.get("DATABASE_URL"):
        raise Stop("No demo is running in this checkout: start one with ./run demo")
    return subprocess.run([PYTHON, "manage.py", "doctor"], cwd=ROOT).returncode

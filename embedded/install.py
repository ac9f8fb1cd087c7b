"""Makes .venv with every dependency, pinned by hash."""

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedded.words import Stop, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DATA = ROOT / ".data"
INSTALLER = ROOT / "requirements-installer.txt"
MEGABYTE = 1024 * 1024
NEEDED_BYTES = 1800 * MEGABYTE


def ensure_installed(requirements: str) -> None:
    """Installs a requirements file into .venv, unless it or a larger set is there."""
    if sys.version_info < (3, 11):
        raise Stop("Plurivox needs Python 3.11 or newer: start ./run with such a python3.")
    DATA.mkdir(mode=0o700, exist_ok=True)
    DATA.chmod(0o700)
    wanted = ROOT / requirements
    if _stamp() in {_key(wanted), _key(ROOT / "requirements-dev.txt")} and PYTHON.exists():
        return
    if shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        raise Stop(f"The disk is full: {ROOT} needs about 1.8 GB free. Free some and run again.")
    with _alone(), step("Python packages"):
        if _stamp() == _key(wanted):  # another ./run did it while this one waited
            return
        if not PYTHON.exists():  # one that a running demo uses is added to, never remade
            _make_venv()
        _install(wanted)
        (VENV / "installed").write_text(_key(wanted))


@contextmanager
def _alone() -> Iterator[None]:
    """Two first starts in one checkout install one after the other."""
    with (DATA / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp() -> str:
    stamp = VENV / "installed"
    return stamp.read_text() if stamp.exists() else ""


def _key(requirements: Path) -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    return hashlib.sha256(version.encode() + requirements.read_bytes()).hexdigest()


def _make_venv() -> None:
    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise Stop(
            "Python's venv module is missing. Install it (Debian and Ubuntu: "
            "apt install python3-venv) and run again."
        )
    result = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if result.returncode:
        _explain(result.stdout, "The virtual environment .venv could not be made")


def _install(requirements: Path) -> None:
    """uv is fast but does not read pip's settings; where it cannot fetch, pip does."""
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    pip += ["--retries", "1", "--require-hashes", "-r"]
    log = _run([*pip, INSTALLER])
    if log is None:
        uv: list[str | Path] = [
            VENV / "bin" / "uv",
            "pip",
            "sync",
            "--quiet",
            "--require-hashes",
            requirements,
        ]
        log = _run([*uv, "--python", PYTHON])
    if log is not None:
        log = _run([*pip, requirements])
    if log is not None:
        _explain(log, "The Python packages could not be installed")


def _run(command: Sequence[str | Path]) -> str | None:
    """None when the command succeeded, else what it printed."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    (DATA / "install.log").write_text(result.stdout)
    return result.stdout if result.returncode else None


def _explain(log: str, what: str) -> None:
    if "No space left" in log:
        raise Stop(f"The disk is full: free about 1.8 GB at {ROOT} and run again.")
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in log:
        raise Stop(f"{what}: a package differs from its pinned hash. See .data/install.log.")
    raise Stop(
        f"{what}: no package index was reached. Check the network, or set an index that is "
        "reachable (pip config set global.index-url …), and run again. "
        "Details: .data/install.log"
    )

"""./run pin: compiles pyproject.toml into the hashed requirements files."""

import subprocess
from pathlib import Path

from embedded.install import ROOT, VENV, ensure_installed
from embedded.words import step

OPTIONS = ["--universal", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]


def pin() -> int:
    """Keeps pinned versions unless pyproject.toml asks for others."""
    ensure_installed("requirements-dev.txt")
    dev = ["--extra", "embedded", "--group", "dev", "-c", "requirements-embedded.txt"]
    for name, extra in {
        "requirements.txt": [],
        "requirements-embedded.txt": ["--extra", "embedded", "-c", "requirements.txt"],
        "requirements-dev.txt": dev,
    }.items():
        with step(name):
            command: list[str | Path] = [
                VENV / "bin" / "uv",
                "pip",
                "compile",
                "pyproject.toml",
                *OPTIONS,
                *extra,
            ]
            subprocess.run([*command, "-o", name], cwd=ROOT, check=True)
    return 0

"""The benchmarks are run by hand and rarely: at least each of their processes still starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem != "__init__")
FLOOR = "import bench.floor.wsgi"  # with settings of its own


@pytest.mark.parametrize(
    "code", [*(f"import django; django.setup(); import bench.{part}" for part in PARTS), FLOOR]
)
def test_what_a_benchmark_runs_is_there(code: str) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr

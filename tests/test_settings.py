"""Production refuses to start half-configured, and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GOOD = {
    "SECRET_KEY": "x" * 50,
    "PSEUDONYM_KEY": "y" * 50,
    "SITE_URL": "https://study.example.org",
    "ALLOWED_HOSTS": "study.example.org",
    "DATABASE_URL": "postgresql://u:p@db/plurivox",
    "REDIS_URL": "redis://redis/0",
}


def load(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Loads the settings as production would: no runtime file, only this environment."""
    code = (
        "import config.settings as s; "
        "print(s.SESSION_COOKIE_SECURE, s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0, "
        "s.STAFF_TWO_FACTOR, not s.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN)"
    )
    clean = {"PATH": os.environ["PATH"], "PLURIVOX_RUNTIME_ENV": str(tmp_path / "none")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
    )


def test_a_complete_environment_loads_and_is_strict(tmp_path: Path) -> None:
    result = load(tmp_path, **GOOD)
    assert result.stdout.split() == ["True"] * 5, result.stderr


def test_the_second_factor_can_be_left_to_an_issuer(tmp_path: Path) -> None:
    issuer = {"OIDC_ISSUER": "https://login.example", "OIDC_CLIENT_ID": "p"}
    whole = GOOD | issuer | {"OIDC_CLIENT_SECRET": "s", "STAFF_TWO_FACTOR": "0"}
    result = load(tmp_path, **whole)
    assert result.stdout.split() == [*["True"] * 3, "False", "True"], result.stderr


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "PSEUDONYM_KEY", "SITE_URL", "DATABASE_URL", "REDIS_URL"]
)
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    result = load(tmp_path, **{key: value for key, value in GOOD.items() if key != name})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DEBUG": "1"}, "DEBUG shows internals"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"PSEUDONYM_KEY": "short"}, "PSEUDONYM_KEY is too short"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"OIDC_ISSUER": "https://login.example"}, "set all three, or none"),
    ],
)
def test_what_is_unsafe_is_refused(tmp_path: Path, change: dict[str, str], said: str) -> None:
    result = load(tmp_path, **(GOOD | change))
    assert result.returncode != 0
    assert said in result.stderr


def test_a_web_process_has_its_pages_before_the_first_request() -> None:
    code = "import sys, config.wsgi; print('annotation.views.conversation' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.split() == ["True"], result.stderr

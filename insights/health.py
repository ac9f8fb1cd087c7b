"""Which part of a running Plurivox is missing, in plain words. Used by /healthz and doctor."""

from collections.abc import Callable
from dataclasses import dataclass

from celery import current_app
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from candidates import llm
from candidates.models import ModelEndpoint

WORKER_HINT = "start one with: celery -A config worker -Q live,generation,housekeeping"


@dataclass(frozen=True)
class Finding:
    part: str
    ok: bool
    words: str


def check_database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return Finding("database", False, "not reached: is PostgreSQL running?")
    return Finding("database", True, "answers")


def check_broker() -> Finding:
    try:
        with current_app.connection_for_write(connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=0, timeout=2)
    except (OperationalError, OSError):
        return Finding("broker", False, "not reached: is Redis or Valkey running?")
    return Finding("broker", True, "answers")


def check_worker() -> Finding:
    try:
        replies = current_app.control.ping(timeout=1.5, limit=1)
    except (OperationalError, OSError):
        return Finding("worker", False, "cannot be asked while the broker is away")
    if not replies:
        return Finding("worker", False, f"not seen; {WORKER_HINT}")
    return Finding("worker", True, "answers")


def check_provider() -> Finding:
    try:
        endpoints = list(ModelEndpoint.objects.order_by("pk"))
    except DatabaseError:
        return Finding("provider", False, "cannot be looked up while the database is away")
    silent = [endpoint.key for endpoint in endpoints if not llm.is_answering(endpoint)]
    if silent:
        return Finding(
            "provider", False, f"not reached ({', '.join(silent)}): check its address and key"
        )
    return Finding("provider", True, "answers" if endpoints else "none set up yet")


CHECKS: dict[str, Callable[[], Finding]] = {
    "database": check_database,
    "broker": check_broker,
    "worker": check_worker,
    "provider": check_provider,
}


def examine(parts: list[str] | None = None) -> list[Finding]:
    """One finding a part, in a fixed order; `parts` narrows it down."""
    return [check() for name, check in CHECKS.items() if not parts or name in parts]

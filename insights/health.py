"""Which part of a running Plurivox is missing, in plain words. Used by /healthz and doctor.

Every check ends within seconds, whatever state the part is in, and takes nothing from
the pool that requests live on. The words are public: they name no endpoint and no host.
"""

import time
from dataclasses import dataclass

import psycopg
import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from candidates import llm
from candidates.models import ModelEndpoint

PARTS = ("database", "broker", "worker", "provider")
NEEDED_QUEUES = {"live", "generation"}
WORKER_HINT = "start one with: celery -A config worker -Q live,generation,housekeeping"
# Anybody may ask; the parts are asked at most this often by one process.
FRESH_SECONDS = 3.0


@dataclass(frozen=True)
class Finding:
    part: str
    ok: bool
    words: str


_known: dict[str, tuple[float, list[Finding]]] = {}


def examine(parts: list[str] | None = None, *, fresh: bool = False) -> list[Finding]:
    """One finding a part, in a fixed order; `parts` narrows what is shown."""
    asked, findings = _known.get("all", (0.0, []))
    if fresh or not findings or time.monotonic() - asked > FRESH_SECONDS:
        findings = _examine_all()
        _known["all"] = (time.monotonic(), findings)
    return [finding for finding in findings if not parts or finding.part in parts]


def _examine_all() -> list[Finding]:
    database, broker = _check_database(), _check_broker()
    worker = (
        _check_worker()
        if broker.ok
        else Finding("worker", False, "cannot be asked while the broker is away")
    )
    provider = (
        _check_provider()
        if database.ok
        else Finding("provider", False, "cannot be looked up while the database is away")
    )
    return [database, broker, worker, provider]


def _check_database() -> Finding:
    """On a connection of its own, so that an exhausted pool does not look like no database."""
    parameters = connection.get_connection_params()
    wanted = {
        name: parameters[name]
        for name in ("dbname", "user", "password", "host", "port", "sslmode")
        if name in parameters
    }
    try:
        with psycopg.connect(
            **wanted, connect_timeout=2, options="-c statement_timeout=2000"
        ) as own:
            own.execute("SELECT 1")
    except psycopg.Error:
        return Finding("database", False, "not reached: is PostgreSQL running?")
    return Finding("database", True, "answers")


def _check_broker() -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return Finding("broker", False, "not reached: is Redis or Valkey running?")
    finally:
        client.close()
    return Finding("broker", True, "answers")


def _check_worker() -> Finding:
    try:
        found = current_app.control.inspect(timeout=1.0).active_queues() or {}
    except (OperationalError, OSError, redis.RedisError):
        return Finding("worker", False, "cannot be asked while the broker is away")
    queues = {queue["name"] for served in found.values() for queue in served}
    if not queues >= NEEDED_QUEUES:
        return Finding("worker", False, f"not seen; {WORKER_HINT}")
    return Finding("worker", True, "answers")


def _check_provider() -> Finding:
    try:
        silent = silent_endpoints()
    except DatabaseError:
        return Finding("provider", False, "cannot be looked up while the database is away")
    if silent:
        return Finding("provider", False, "not reached: check its address and key")
    return Finding("provider", True, "answers")


def silent_endpoints() -> list[str]:
    """Keys of endpoints that do not answer. For staff: annotators must not learn them."""
    endpoints = ModelEndpoint.objects.order_by("pk")
    return [endpoint.key for endpoint in endpoints if not llm.is_answering(endpoint)]

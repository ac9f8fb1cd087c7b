"""Which part of a running Plurivox is missing, in plain words.

/healthz, doctor, the page "Watch" and the line on every page of the desk say what stands here.
Every check ends within seconds, whatever state the part is in, and takes nothing from
the pool that requests live on. The words are public: they name no endpoint and no host.
"""

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import psycopg
import redis
from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from candidates import llm
from candidates.models import ModelEndpoint
from insights.durations import spell
from insights.health.seen import BEAT, SILENT_SECONDS, Silence, silences

PARTS = ("database", "broker", "worker", "beat", "provider")
NEEDED_QUEUES = ("live", "generation", "housekeeping")
# Anybody may ask; the parts are asked at most this often by one process.
FRESH_SECONDS = 3.0
# The line on every page asks less, and less often.
LINE_SECONDS = 10.0

WORDS: dict[str, Promise] = {
    "answers": _("answers"),
    "no database": _("not reached: is PostgreSQL running?"),
    "no broker": _("not reached: is Redis or Valkey running?"),
    "broker first": _("cannot be asked while the broker is away"),
    "database first": _("cannot be looked up while the database is away"),
    "no worker": _(
        "no %(queue)s worker has been seen for %(duration)s; "
        "start one with: celery -A config worker -Q %(queues)s"
    ),
    "no beat": _(
        "not seen for %(duration)s, so that nothing due is found again; "
        "start it with: celery -A config beat"
    ),
    "no provider": _("not reached: check its address and key"),
    "resting": _("fails again and again, and is left alone for a while"),
}


@dataclass(frozen=True)
class Finding:
    """One part. Its words are in the reader's language, whoever asked first."""

    part: str
    ok: bool
    said: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        values = dict(self.values)
        if "seconds" in values:
            values["duration"] = spell(values["seconds"])
        return str(WORDS[self.said]) % values


_known: dict[str, tuple[float, list[Finding]]] = {}
_asking = Lock()


def examine(parts: list[str] | None = None, *, fresh: bool = False) -> list[Finding]:
    """One finding a part, in a fixed order; `parts` narrows what is shown."""
    with _asking:  # whoever comes meanwhile waits for the same findings
        asked, findings = _known.get("all", (0.0, []))
        if fresh or not findings or time.monotonic() - asked > FRESH_SECONDS:
            findings = _examine_all()
            _known["all"] = (time.monotonic(), findings)
    return [finding for finding in findings if not parts or finding.part in parts]


def missing_at_a_glance() -> list[Finding]:
    """What is missing by what lies at hand: no part is waited for. For every page of the desk.

    Workers and beat tell of themselves, and an endpoint that fails has been left alone;
    what `examine` finds, this finds within half a minute.
    """
    asked, findings = _known.get("line", (0.0, []))
    if "line" not in _known or time.monotonic() - asked > LINE_SECONDS:
        findings = [finding for finding in _glance() if not finding.ok]
        _known["line"] = (time.monotonic(), findings)
    return findings


def _glance() -> list[Finding]:
    try:
        silent = silences([*NEEDED_QUEUES, BEAT])
    except (redis.RedisError, OSError):
        return [Finding("broker", False, "no broker")]
    long = {name: one for name, one in silent.items() if one.seconds > SILENT_SECONDS}
    found = [_beat(silent[BEAT])]
    if queues := [queue for queue in NEEDED_QUEUES if queue in long]:
        found = [_no_worker(queues, silent), *found]
    if ModelEndpoint.objects.filter(rests_until__gt=timezone.now()).exists():
        found.append(Finding("provider", False, "resting"))
    return found


def _examine_all() -> list[Finding]:
    database, broker = _check_database(), _check_broker()
    away = "broker first"
    return [
        database,
        broker,
        _check_worker() if broker.ok else Finding("worker", False, away),
        _check_beat() if broker.ok else Finding("beat", False, away),
        _check_provider() if database.ok else Finding("provider", False, "database first"),
    ]


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
        return Finding("database", False, "no database")
    return Finding("database", True, "answers")


def _check_broker() -> Finding:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    except (redis.RedisError, OSError):
        return Finding("broker", False, "no broker")
    finally:
        client.close()
    return Finding("broker", True, "answers")


def _check_worker() -> Finding:
    """Workers say that they are there; where that is lost with a flushed broker, they are asked."""
    try:
        silent = silences(NEEDED_QUEUES)
        lacking = [queue for queue in NEEDED_QUEUES if not silent[queue].is_alive]
        if lacking:
            served = _served_queues()
            lacking = [queue for queue in lacking if queue not in served]
    except (OperationalError, OSError, redis.RedisError):
        return Finding("worker", False, "broker first")
    if lacking:
        return _no_worker(lacking, silent)
    return Finding("worker", True, "answers")


def workers_answer() -> bool:
    """Whether workers serve every queue at this moment: they are asked, not remembered."""
    try:
        return set(NEEDED_QUEUES) <= _served_queues()
    except (OperationalError, OSError, redis.RedisError):
        return False


def _served_queues() -> set[str]:
    found = current_app.control.inspect(timeout=2.0).active_queues() or {}
    return {queue["name"] for served in found.values() for queue in served}


def _no_worker(queues: list[str], silent: Any) -> Finding:
    """Names the one that was seen last, so that the sentence is true of all."""
    values = {
        "queue": ", ".join(queues),
        "seconds": min(silent[queue].seconds for queue in queues),
        "queues": ",".join(NEEDED_QUEUES),
    }
    return Finding("worker", False, "no worker", values)


def _check_beat() -> Finding:
    try:
        return _beat(silences([BEAT])[BEAT])
    except (redis.RedisError, OSError):
        return Finding("beat", False, "broker first")


def _beat(silence: Silence) -> Finding:
    """One never seen is given the time to say so: the broker may have been flushed."""
    if silence.seconds < SILENT_SECONDS:
        return Finding("beat", True, "answers")
    return Finding("beat", False, "no beat", {"seconds": silence.seconds})


def _check_provider() -> Finding:
    try:
        silent = silent_endpoints()
    except DatabaseError:
        return Finding("provider", False, "database first")
    if silent:
        return Finding("provider", False, "no provider")
    return Finding("provider", True, "answers")


def silent_endpoints() -> list[str]:
    """Keys of endpoints that do not answer. For staff: annotators must not learn them."""
    endpoints = ModelEndpoint.objects.order_by("pk")
    return [endpoint.key for endpoint in endpoints if not llm.is_answering(endpoint)]

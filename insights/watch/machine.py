"""The machine in plain words: which part is missing, what waits, how the provider does."""

from collections.abc import Sequence

import redis
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Phase, Study
from candidates.models import ModelEndpoint
from insights.durations import spell
from insights.health.parts import Finding, examine
from insights.health.seen import Silence, silences
from insights.tables import Row, Table, number
from insights.watch.queues import (
    FEW_CALLS,
    QUEUES,
    Calls,
    Waiting,
    calls_of_the_hour,
    leases,
    queue_lengths,
    waiting_sets,
)
from insights.watch.view import SECONDS, Panel, View

LONG_WAIT = 60.0  # seconds that somebody waits for a set: an alarm


def view(study: Study, phase: Phase) -> View:
    findings, waiting, calls = examine(), waiting_sets(study, phase), calls_of_the_hour()
    held = leases(study, phase)
    lines = [_("%(n)s places are in people's hands now.") % {"n": number(held.held)}]
    if held.oldest is not None:
        lines.append(_("The first of them was given %(ago)s ago.") % {"ago": spell(held.oldest)})
    return View(
        tables=[_parts(findings), _queues(), _waiting(waiting), _provider(calls)],
        lines=lines,
        alarms=[*_missing(findings), *_long_waits(waiting), *_failing(calls)],
    )


def _missing(findings: Sequence[Finding]) -> list[str]:
    names = part_names()
    # Without a full stop: what stands last is a command to copy.
    return [f"{names[one.part]}: {one.words}" for one in findings if not one.ok]


def part_names() -> dict[str, str]:
    return {
        "database": _("Database"),
        "broker": _("Broker"),
        "worker": _("Worker"),
        "beat": _("Beat (the clock)"),
        "provider": _("Provider"),
    }


def _long_waits(waiting: Sequence[Waiting]) -> list[str]:
    words = _("In %(locale)s somebody has waited %(duration)s for the next responses.")
    return [
        words % {"locale": one.locale, "duration": spell(one.longest)}
        for one in waiting
        if one.longest is not None and one.longest > LONG_WAIT
    ]


def _failing(calls: Sequence[Calls]) -> list[str]:
    words = _("Of %(n)s calls to %(endpoint)s in the last hour %(errors)s failed.")
    return [
        words % {"n": number(one.calls), "endpoint": one.endpoint, "errors": number(one.errors)}
        for one in calls
        if one.fails_often
    ]


def _parts(findings: Sequence[Finding]) -> Table:
    names = part_names()
    return Table(
        title=_("Parts"),
        columns=[_("part"), _("how it is")],
        rows=[Row([names[one.part], one.words], alarm=not one.ok) for one in findings],
        words=(0, 1),
    )


def _queues() -> Table:
    try:
        lengths, silent = queue_lengths(), silences(QUEUES)
    except (redis.RedisError, OSError):
        lengths, silent = {}, {}
    return Table(
        title=_("Queues"),
        columns=[_("queue"), _("messages that wait"), _("its worker")],
        rows=[Row([queue, number(n), _last_seen(silent[queue])]) for queue, n in lengths.items()],
        empty=_("The broker does not answer, so that nothing is known of the queues."),
        words=(0, 2),
    )


def _last_seen(silence: Silence) -> str:
    if silence.is_alive:
        return _("is there")
    return _("not seen for %(duration)s") % {"duration": spell(silence.seconds)}


def _waiting(waiting: Sequence[Waiting]) -> Table:
    return Table(
        title=_("Sets that wait to be made"),
        columns=[
            *(_("locale"), _("people wait for"), _("the first has waited")),
            *(_("for the pool"), _("the oldest waits")),
        ],
        rows=[
            Row(
                [
                    *(one.locale, number(one.people), _spelt(one.longest)),
                    *(number(one.pool), _spelt(one.oldest)),
                ],
                alarm=(one.longest or 0) > LONG_WAIT,
            )
            for one in waiting
        ],
    )


def _spelt(seconds: float | None) -> str:
    return "–" if seconds is None else spell(seconds)


def _provider(calls: Sequence[Calls]) -> Table:
    rows = []
    for one in calls:
        rate = None if one.error_rate is None else 100 * one.error_rate
        rows.append(
            Row(
                [
                    *(one.endpoint.key, _rest(one.endpoint), number(one.calls), number(one.errors)),
                    number(rate if one.calls >= FEW_CALLS else None, 1),
                    *(_seconds(one.middle), _seconds(one.slow)),
                ],
                alarm=one.fails_often,
            )
        )
    return Table(
        title=_("Calls to the provider in the last hour"),
        columns=[
            *(_("endpoint"), _("state"), _("calls"), _("failed"), _("failed, %")),
            *(_("seconds, median"), _("seconds, 9 of 10 below")),
        ],
        rows=rows,
        notes=[_("Of the latest 5,000 calls. A share is given from %(n)s on.") % {"n": FEW_CALLS}],
        empty=_("No endpoint is set up."),
        words=(0, 1),
    )


def _rest(endpoint: ModelEndpoint) -> str:
    now = timezone.now()
    if endpoint.rests_until and endpoint.rests_until > now:
        left = spell((endpoint.rests_until - now).total_seconds())
        return _("fails; left alone for %(duration)s") % {"duration": left}
    return _("in use")


def _seconds(milliseconds: float | None) -> str:
    return number(None if milliseconds is None else milliseconds / 1000, 1)


PANEL = Panel(
    "machine",
    gettext_lazy("Health"),
    SECONDS,
    view,
    meaning=(
        (
            gettext_lazy("parts"),
            gettext_lazy(
                "The same that /healthz and the command doctor say. All studies share them."
            ),
        ),
        (
            gettext_lazy("its worker"),
            gettext_lazy(
                "Workers and beat say every 5 seconds that they are there; after 20 seconds "
                "of silence they are asked."
            ),
        ),
        (
            gettext_lazy("sets that wait"),
            gettext_lazy(
                "Responses that are still to be made. A set of the pool waits in every locale "
                "that speaks its language."
            ),
        ),
        (
            gettext_lazy("failed"),
            gettext_lazy("Calls to the endpoint that ended with an error. Most are tried again."),
        ),
    ),
)

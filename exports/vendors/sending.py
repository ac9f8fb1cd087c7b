"""Facts become rows, rows become messages, until they arrive or are given up."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotation.models import Outcome, Participation, Phase, RecruitmentLink
from exports.models import Delivery, Event, Export, State, Webhook
from exports.vendors.deliveries import ATTEMPTS, CannotSend, message_of, pause_before
from exports.vendors.people import ended_by_leaving_out
from exports.vendors.telling import Told, told_to

TIMEOUT = httpx.Timeout(10, connect=5)
LEASE = timedelta(seconds=60)  # longer than any attempt; a killed worker's is made again
PEOPLE = (Phase.PILOT, Phase.MAIN)  # who is real, and is paid
GONE = 410


def note_new_deliveries() -> int:
    """A row for each fact that a receiver is not told of yet; returns how many rows are new.

    A repeat, also beside itself, adds none: receiver, event and subject are unique.
    """
    found: list[Delivery] = []
    for webhook in Webhook.objects.filter(disabled_at=None).select_related("study", "vendor"):
        found += _of_people(webhook) + _of_exports(webhook)
    for link in RecruitmentLink.objects.exclude(callbacks={}):
        found += _of_exits(link)
    before = Delivery.objects.count() if found else 0
    Delivery.objects.bulk_create(found, ignore_conflicts=True)
    return Delivery.objects.count() - before if found else 0


def _new(event: Event, subject: str, **known: Any) -> Delivery:
    return Delivery(
        message_id="msg_" + secrets.token_urlsafe(12), event=event, subject=subject, **known
    )


def _of_people(webhook: Webhook) -> list[Delivery]:
    """People whom the vendor knows by an id: that they ended, that they withdrew."""
    people = Participation.objects.filter(
        study=webhook.study,
        annotator__vendor=webhook.vendor,
        annotator__externalidentity__isnull=False,
        phase__in=PEOPLE,
    )
    since = webhook.created_at
    facts = {
        Event.COMPLETED: Q(finished_at__gte=since) & ~Q(outcome=Outcome.WITHDRAWN),
        Event.WITHDRAWN: Q(withdrawn_at__gte=since)
        | Q(outcome=Outcome.WITHDRAWN, withdrawn_at=None, finished_at__gte=since),
    }
    found = []
    for event, fact in facts.items():
        if event in webhook.events:
            told = Delivery.objects.filter(webhook=webhook, event=event)
            news = people.filter(fact).exclude(pk__in=told.values("participation"))
            found += [(event, one) for one in news.order_by("pk").prefetch_related("exclusions")]
    if not found:  # nearly always: what the vendor knows by now is not read then
        return []
    known = told_to(webhook.vendor, webhook.study)
    return [
        _of_person(webhook, event, person, known)
        for event, person in found
        if not _waits(event, person, known)
    ]


def _waits(event: Event, person: Participation, known: Told) -> bool:
    if event == Event.WITHDRAWN:
        return person.withdrawn_at is not None and person.withdrawn_at >= known.withdrawn
    return ended_by_leaving_out(person, known)


def _of_person(webhook: Webhook, event: Event, person: Participation, known: Told) -> Delivery:
    body = {
        "type": event.value,
        "timestamp": _told_at(event, person, known).isoformat(),
        "data": {"study": webhook.study.key, "outcome": person.outcome},
    }
    return _new(event, person.public_id, webhook=webhook, participation=person, body=body)


def _told_at(event: Event, person: Participation, known: Told) -> datetime:
    """The moment that a message bears: of what is told late the Monday, else that of the fact."""
    if event == Event.WITHDRAWN and person.withdrawn_at:
        return known.withdrawn
    if person.outcome == Outcome.QUALITY and person.exclusions.all():
        return known.left_out
    return person.finished_at or timezone.now()


def _of_exports(webhook: Webhook) -> list[Delivery]:
    if Event.EXPORT_READY not in webhook.events:
        return []
    told = Delivery.objects.filter(webhook=webhook, event=Event.EXPORT_READY)
    ready = Export.objects.filter(
        study=webhook.study,
        vendor=webhook.vendor,
        state=State.READY,
        finished_at__gte=webhook.created_at,
    ).exclude(public_id__in=told.values("subject"))
    return [
        _new(
            Event.EXPORT_READY,
            export.public_id,
            webhook=webhook,
            body={
                "type": Event.EXPORT_READY.value,
                "timestamp": (export.finished_at or timezone.now()).isoformat(),
                "data": {"study": webhook.study.key, "export": export.public_id},
            },
        )
        for export in ready
    ]


def _of_exits(link: RecruitmentLink) -> list[Delivery]:
    """People of a link who ended with an outcome for which the panel's server is called."""
    told = Delivery.objects.filter(webhook=None, participation__link=link)
    people = (
        Participation.objects.filter(link=link, outcome__in=list(link.callbacks))
        .filter(annotator__externalidentity__isnull=False)
        .exclude(pk__in=told.values("participation"))
        .order_by("pk")
    )
    return [
        _new(
            Event.WITHDRAWN if person.outcome == Outcome.WITHDRAWN else Event.COMPLETED,
            person.public_id,
            participation=person,
        )
        for person in people
    ]


def due_deliveries() -> QuerySet[Delivery]:
    """What is to be sent now, oldest first."""
    return Delivery.objects.filter(
        Q(webhook=None) | Q(webhook__disabled_at=None),
        delivered_at=None,
        given_up_at=None,
        due_at__lte=timezone.now(),
    ).order_by("due_at", "pk")


def deliver(*, delivery_id: int) -> None:
    """One attempt, if it is due and nobody else is at it; notes what came of it.

    The attempt is counted and leased before it is made: a worker that is killed between
    sending and noting has it made again, with the same id, which is how receivers know it.
    """
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    answer = _send(delivery)
    now = timezone.now()
    row = Delivery.objects.filter(pk=delivery.pk, delivered_at=None)
    if answer.isdigit() and 200 <= int(answer) < 300:
        row.update(delivered_at=now, last_answer=answer)
    elif delivery.attempts >= ATTEMPTS or answer == str(GONE):
        row.update(given_up_at=now, last_answer=answer)
    else:
        row.update(due_at=now + pause_before(delivery.attempts + 1), last_answer=answer)


@transaction.atomic
def _claim(delivery_id: int) -> Delivery | None:
    found = (
        due_deliveries()
        .select_for_update(of=("self",), skip_locked=True)
        .filter(pk=delivery_id)
        .first()
    )
    if found is None:
        return None
    Delivery.objects.filter(pk=delivery_id).update(
        due_at=timezone.now() + LEASE, attempts=F("attempts") + 1
    )
    return Delivery.objects.select_related(
        "webhook", "participation__link", "participation__annotator"
    ).get(pk=delivery_id)


def _send(delivery: Delivery) -> str:
    """The status that came back, or what went wrong, without any address in it."""
    try:
        message = message_of(delivery, timezone.now())
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client,
            client.stream(
                message.method, message.url, headers=message.headers, content=message.body
            ) as response,
        ):
            return str(response.status_code)  # what else it says is not read
    except CannotSend as fault:
        return str(fault)[:200]
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as fault:
        return type(fault).__name__

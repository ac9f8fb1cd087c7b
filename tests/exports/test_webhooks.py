"""Webhooks: each fact once per receiver, signed, retried from rows until it arrives."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from accounts.models import Annotator, User, Vendor, new_public_id
from annotation.actions.link import create_recruitment_link
from annotation.actions.participation import end_participation
from annotation.actions.withdrawal import withdraw
from annotation.models import (
    Exclusion,
    Flag,
    Outcome,
    Participation,
    Phase,
    RecruitmentLink,
    Study,
)
from exports.actions.delivering import create_webhook, disable_webhook, send_again
from exports.models import Delivery, Event, Export, State, Webhook
from exports.tasks.deliveries import send_due_deliveries
from exports.vendors.deliveries import ATTEMPTS, pause_before, secret_of
from exports.vendors.sending import deliver, due_deliveries, note_new_deliveries
from exports.vendors.telling import told_to
from tests.conftest import small_study
from tests.deciding import decide
from tests.exports.receiver import Receiver, receiving
from tests.processes import ROOT, process_environment
from tests.provider import Provider
from tests.walker import Walker

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(db: None, provider: Provider) -> Study:
    return small_study()


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.ALLOWED_PRIVATE_HOSTS = ["127.0.0.1"]
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def webhook(receiver: Receiver, link: RecruitmentLink) -> Webhook:
    return create_webhook(
        vendor=link.vendor, study=link.study, url=f"{receiver.address}/hook", events=Event.values
    )


def somebody(link: RecruitmentLink, external_id: str = "worker 17") -> Participation:
    walker = Walker(link)
    walker.join(external_id)
    return walker.participation


def finish(person: Participation) -> None:
    end_participation(participation=person, outcome=Outcome.COMPLETE)


def send_all() -> None:
    note_new_deliveries()
    for pk in list(due_deliveries().values_list("pk", flat=True)):
        deliver(delivery_id=pk)


def let_time_pass() -> None:
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_finished_person_is_told_once_signed_and_under_the_vendors_own_id(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    assert note_new_deliveries() == 1
    assert note_new_deliveries() == 0
    send_all()
    send_all()
    (request,) = receiver.received
    assert (request.method, request.path) == ("POST", "/hook")
    told = Verifier(secret_of(webhook)).verify(request.body, dict(request.headers))
    assert told["type"] == "participation.completed"
    assert told["data"] == {"id": "worker 17", "study": link.study.key, "outcome": "complete"}
    assert set(told) == {"type", "timestamp", "data"}
    row = Delivery.objects.get()
    assert row.delivered_at and row.attempts == 1 and row.last_answer == "204"


def test_no_row_of_a_delivery_holds_a_vendors_id(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link, "very-telling-id"))
    send_all()
    assert "very-telling-id" in receiver.received[0].body.decode()
    assert "very-telling-id" not in str(list(Delivery.objects.values()))


def test_another_key_or_another_body_does_not_fit_the_signature(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    send_all()
    request = receiver.received[0]
    other = create_webhook(
        vendor=link.vendor, study=link.study, url=webhook.url, events=[Event.WITHDRAWN]
    )
    assert secret_of(other) != secret_of(webhook)
    for key, body in [(secret_of(other), request.body), (secret_of(webhook), b"{}")]:
        with pytest.raises(WebhookVerificationError):
            Verifier(key).verify(body, dict(request.headers))


def test_a_withdrawal_is_told_also_after_the_end(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    person = somebody(link)
    finish(person)
    send_all()
    withdraw(participation=person)
    send_all()
    early = somebody(link, "worker 18")
    withdraw(participation=early)
    send_all()
    assert len(receiver.received) == 1  # together with others, and not on the day itself
    then = timezone.now() - timedelta(weeks=5, days=1)
    Webhook.objects.update(created_at=then)
    for late in (person, early):
        Participation.objects.filter(pk=late.pk).update(withdrawn_at=then)
    send_all()
    told = [json.loads(request.body) for request in receiver.received]
    assert [(item["type"], item["data"]["id"]) for item in told] == [
        ("participation.completed", "worker 17"),
        ("participation.withdrawn", "worker 17"),
        ("participation.withdrawn", "worker 18"),
    ]
    monday = datetime.fromisoformat(told[-1]["timestamp"])
    assert (monday.weekday(), monday.hour) == (0, 0) and monday < timezone.now()


def test_where_nothing_is_new_nothing_that_was_told_is_read(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    with CaptureQueriesContext(connection) as queries:
        send_all()
    assert any("annotation_exclusion" in query["sql"] for query in queries)
    with CaptureQueriesContext(connection) as queries:
        send_all()
    assert not any("annotation_exclusion" in query["sql"] for query in queries)
    assert len(receiver.received) == 1


def test_withdrawals_are_found_without_reading_who_did_not_withdraw(
    link: RecruitmentLink,
) -> None:
    first = somebody(link)
    for number in range(2000):
        first.pk, first.public_id = None, new_public_id()
        first.annotator = Annotator.objects.create(vendor=link.vendor)
        first.seed = number
        first.withdrawn_at = timezone.now() if number % 100 == 0 else None
        first.save()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotation_participation, accounts_annotator")
    with CaptureQueriesContext(connection) as queries:
        told_to(link.vendor, link.study)
    [lately, *_rest] = [one["sql"] for one in queries if '"withdrawn_at" >=' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {lately}")
        assert "withdrawals_of_a_study" in str(cursor.fetchall())


def test_an_end_that_comes_with_being_left_out_is_told_on_a_monday(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    person, reviewer = somebody(link), User.objects.create(username="r")
    flag = Flag.objects.create(participation=person, kind=Flag.Kind.PASTE)
    decide(flag, "excluded", "All pasted.", reviewer, end=True)
    send_all()
    assert receiver.received == []
    then = timezone.now() - timedelta(weeks=6)
    Webhook.objects.update(created_at=then)
    Participation.objects.filter(pk=person.pk).update(finished_at=then)
    Exclusion.objects.create(participation=person, out=True, why="Pasted.", by=reviewer, at=then)
    send_all()
    [request] = receiver.received
    told = json.loads(request.body)
    assert (told["type"], told["data"]["outcome"]) == ("participation.completed", "quality")
    monday = datetime.fromisoformat(told["timestamp"])
    assert (monday.weekday(), monday.hour) == (0, 0)


def test_a_ready_export_is_told_and_an_unready_or_another_vendors_is_not(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    known: dict[str, Any] = {"study": link.study, "format": "rankings", "container": "csv"}
    now = timezone.now()
    mine = Export.objects.create(**known, vendor=link.vendor, state=State.READY, finished_at=now)
    Export.objects.create(**known, vendor=link.vendor, state=State.RUNNING)
    Export.objects.create(**known, vendor=None, state=State.READY, finished_at=now)
    send_all()
    send_all()
    (told,) = [json.loads(request.body) for request in receiver.received]
    assert told["type"] == "export.ready"
    assert told["data"] == {"study": link.study.key, "export": mine.public_id}


def test_what_was_before_the_webhook_other_vendors_people_and_rehearsals_are_not_told(
    receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    other = Vendor.objects.create(key="vendor-b", name="Vendor B")
    hook = create_webhook(
        vendor=other, study=link.study, url=receiver.address, events=[Event.COMPLETED]
    )
    mine = create_webhook(
        vendor=link.vendor, study=link.study, url=receiver.address, events=[Event.WITHDRAWN]
    )
    theirs = create_recruitment_link(study=link.study, vendor=other, phase=Phase.MAIN)
    rehearsed, nameless = somebody(theirs, "worker 20"), somebody(theirs, "")
    Participation.objects.filter(pk=rehearsed.pk).update(phase=Phase.REHEARSAL)
    finish(rehearsed)
    finish(nameless)
    send_all()
    assert receiver.received == []
    person = somebody(theirs, "worker 21")
    finish(person)
    disable_webhook(webhook=mine)
    send_all()
    assert [row.webhook for row in Delivery.objects.all()] == [hook]


@pytest.mark.parametrize("status", [500, 302, 404])
def test_what_does_not_arrive_is_sent_again_under_the_same_id(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink, status: int
) -> None:
    receiver.status = status
    finish(somebody(link))
    before = timezone.now()
    send_all()
    row = Delivery.objects.get()
    assert row.delivered_at is None and row.last_answer == str(status)
    assert row.due_at > before + timedelta(seconds=5)
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=5))
    send_all()  # not due yet
    assert len(receiver.received) == 1
    let_time_pass()
    receiver.status = 200
    send_all()
    assert [request.path for request in receiver.received] == ["/hook", "/hook"]
    assert len(set(receiver.ids)) == 1
    assert Delivery.objects.get().delivered_at


def test_a_receiver_that_is_away_is_tried_for_about_three_days_and_given_up_visibly(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    receiver.status = 503
    finish(somebody(link))
    for _attempt in range(ATTEMPTS + 3):
        send_all()
        let_time_pass()
    assert len(receiver.received) == ATTEMPTS
    row = Delivery.objects.get()
    assert row.given_up_at and row.attempts == ATTEMPTS and row.last_answer == "503"
    waited = sum((pause_before(n) for n in range(2, ATTEMPTS + 1)), timedelta())
    assert timedelta(days=2) < waited < timedelta(days=4)
    receiver.status = 200
    assert send_again(deliveries=Delivery.objects.all()) == 1
    send_all()
    assert Delivery.objects.get().delivered_at
    assert len(set(receiver.ids)) == 1


def test_staff_send_again_from_the_dashboard(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    send_all()
    staff = User.objects.create_superuser("staff", password="x")
    client = Client()
    client.force_login(staff)
    row = Delivery.objects.get()
    client.post(
        reverse("admin:exports_delivery_changelist"),
        {"action": "send_these_again", "_selected_action": [row.pk]},
    )
    send_all()
    assert receiver.ids == [row.message_id] * 2
    shown = client.get(reverse("admin:exports_webhook_change", args=[webhook.pk]))
    assert secret_of(webhook) in shown.content.decode()


def test_a_webhook_is_made_in_the_dashboard_and_a_private_address_is_refused(
    receiver: Receiver, link: RecruitmentLink
) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("staff", password="x"))
    sent = {"vendor": link.vendor.pk, "study": link.study.pk, "events": [Event.COMPLETED.value]}
    add = reverse("admin:exports_webhook_add")
    refused = client.post(add, {**sent, "url": "https://10.0.0.1/hook"})
    assert "private network" in refused.content.decode()
    assert not Webhook.objects.exists()
    assert client.post(add, {**sent, "url": f"{receiver.address}/x"}).status_code == 302
    assert Webhook.objects.get().events == ["participation.completed"]


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "https://127.0.0.1/x", "https://u:p@example.org/", "ftp://a/b"]
)
def test_an_address_that_may_not_be_called_is_refused(link: RecruitmentLink, url: str) -> None:
    with pytest.raises(ValidationError):
        create_webhook(vendor=link.vendor, study=link.study, url=url, events=[Event.COMPLETED])


def test_an_address_that_leads_inside_later_is_not_called(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink, settings: Settings
) -> None:
    finish(somebody(link))
    settings.ALLOWED_PRIVATE_HOSTS = []
    send_all()
    assert receiver.received == []
    assert "may be called" in Delivery.objects.get().last_answer


def test_a_fault_that_is_stored_names_no_address(webhook: Webhook, link: RecruitmentLink) -> None:
    Webhook.objects.update(url="http://127.0.0.1:1/hook")
    finish(somebody(link))
    send_all()
    assert Delivery.objects.get().last_answer == "ConnectError"


def test_beat_finds_and_sends_what_is_due(
    webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    send_due_deliveries()
    assert Delivery.objects.count() == 1
    from config.celery import app

    assert app.conf.beat_schedule["send-due-deliveries"]["task"] == send_due_deliveries.name


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_noting_sends_again_with_the_same_id(
    empty_database: None, webhook: Webhook, receiver: Receiver, link: RecruitmentLink
) -> None:
    finish(somebody(link))
    note_new_deliveries()
    pk = Delivery.objects.get().pk
    receiver.may_answer.clear()
    script = (
        "import django; django.setup(); from exports.vendors.sending import deliver; "
        f"deliver(delivery_id={pk})"
    )
    environment = process_environment() | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
    }
    worker = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)
    assert receiver.came.wait(60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    receiver.may_answer.set()
    send_all()  # leased: nobody sends it now
    assert len(receiver.received) == 1
    let_time_pass()
    send_all()
    assert len(receiver.ids) == 2 and len(set(receiver.ids)) == 1
    assert Delivery.objects.get().attempts == 2

"""What is sent to a vendor's or a panel's server: to which address, with which signature.

Webhooks follow the Standard Webhooks convention: a POST of JSON with `webhook-id`,
`webhook-timestamp` and `webhook-signature`. A panel's exit is a GET of the address that its
link names for the outcome, signed as entries are. The person's own id at the vendor is put in
when a message is sent: rows of deliveries hold none.
"""

import base64
import hmac
import json
import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import standardwebhooks
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.models import ExternalIdentity
from annotation.models import Participation
from annotation.recruitment.conventions import fill_exit
from candidates.addresses import find_fault
from exports.models import Delivery, Event, Webhook

# Seconds before the second, third, … attempt; together about three days.
FIRST_PAUSE, FACTOR, LONGEST_PAUSE = 10, 4, 24 * 3600
ATTEMPTS = 10
JITTER = 0.25  # of a pause, at most, on top of it: what failed together is not retried together


class CannotSend(Exception):
    """Nothing was sent, and why, in a few words without any address or id."""


@dataclass(frozen=True)
class Message:
    """One HTTP request."""

    method: str
    url: str = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def secret_of(webhook: Webhook) -> str:
    """The receiver's key, `whsec_…`: derived from SECRET_KEY and the webhook, never stored."""
    purpose = f"webhook\x00{webhook.public_id}".encode()
    key = hmac.digest(settings.SECRET_KEY.encode(), purpose, "sha256")
    return "whsec_" + base64.b64encode(key).decode()


def pause_before(attempt: int) -> timedelta:
    """How long to wait before this attempt (from 2), with some chance in it."""
    pause = min(FIRST_PAUSE * FACTOR ** (attempt - 2), LONGEST_PAUSE)
    return timedelta(seconds=pause * (1 + random.uniform(0, JITTER)))


def check_webhook(*, url: str, events: list[str]) -> None:
    """Raises ValidationError, in one sentence, for a webhook that could not work."""
    if not events or set(events) - set(Event.values):
        raise ValidationError(f"Name one event at least, of: {', '.join(Event.values)}.")
    fault = find_fault(url)
    if fault:
        raise ValidationError(fault)
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in settings.ALLOWED_PRIVATE_HOSTS:
        raise ValidationError("A webhook's address begins with https://.")


def message_of(delivery: Delivery, now: datetime) -> Message:
    """What to send now. Raises CannotSend."""
    message = _to_webhook(delivery, now) if delivery.webhook else _to_panel(delivery)
    if find_fault(message.url):
        raise CannotSend("the address is none that may be called")
    return message


def _to_webhook(delivery: Delivery, now: datetime) -> Message:
    assert delivery.webhook
    body = dict(delivery.body)
    if delivery.participation:
        body["data"] = {"id": external_id(delivery.participation), **body["data"]}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    signer = standardwebhooks.Webhook(secret_of(delivery.webhook))
    return Message(
        method="POST",
        url=delivery.webhook.url,
        headers={
            "Content-Type": "application/json",
            "webhook-id": delivery.message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(delivery.message_id, now, text),
        },
        body=text.encode(),
    )


def _to_panel(delivery: Delivery) -> Message:
    person = delivery.participation
    assert person and person.link
    variable = person.link.signing_key_variable
    key = os.environ.get(variable, "") if variable else ""
    if not key:
        raise CannotSend(f"the environment variable {variable or 'with the key'} is not set")
    template = person.link.callbacks.get(person.outcome, "")
    url = fill_exit(template, code=person.completion_code, external_id=external_id(person), key=key)
    if url is None:
        raise CannotSend("the link names no usable address for this outcome")
    return Message(method="GET", url=url, headers={"webhook-id": delivery.message_id})


def external_id(participation: Participation) -> str:
    """The person's own id at her vendor; empty where she came without one."""
    known = ExternalIdentity.objects.filter(annotator=participation.annotator_id)
    return known.values_list("external_id", flat=True).first() or ""

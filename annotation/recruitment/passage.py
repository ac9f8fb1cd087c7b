"""How one person comes in through a link, and how she leaves by its exit."""

import logging
import os
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import ExternalIdentity
from annotation.models import Convention, Outcome, Participation, RecruitmentLink
from annotation.recruitment.conventions import (
    ID_NAMES,
    Arrival,
    add_signature,
    fill_exit,
    read_arrival,
    signed_part,
)

logger = logging.getLogger(__name__)


class IncompleteLink(Exception):
    """The address lacks what its link asks for: a signature that fits, or an id."""


def join_address(link: RecruitmentLink) -> str:
    """What the vendor hands out, before anything a service adds to it."""
    return settings.SITE_URL + reverse("join", args=[link.key])


def personal_address(link: RecruitmentLink, external_id: str) -> str:
    """The address of one person of the vendor, signed where the link asks for it.

    Raises ValidationError, in one sentence, where the key of its signatures is not set.
    """
    names = ID_NAMES[Convention(link.convention)]
    name = "pid" if "pid" in names else names[0]
    address = f"{join_address(link)}?{name}={quote(external_id, safe='')}"
    if not link.signed_entry:
        return address
    key = _signing_key(link)
    if not key:
        raise ValidationError(
            "This link signs addresses and its key is not set on the server: "
            "tell the research team."
        )
    return add_signature(address, key)


def arrival_at(link: RecruitmentLink, *, query: str) -> Arrival:
    """Who comes by this address, from its query part. Raises IncompleteLink."""
    if link.signed_entry:
        query = _vouched_query(link, query)
    arrival = read_arrival(link.convention, query)
    needs_id = link.signed_entry or link.convention != Convention.PLAIN
    if needs_id and not (arrival.external_id or arrival.is_preview):
        raise IncompleteLink
    return arrival


def _vouched_query(link: RecruitmentLink, query: str) -> str:
    """The part of the query that a signature vouches for; what follows it is not read."""
    key = _signing_key(link)
    if not key:
        logger.error(
            "Nobody can enter by link %s: the environment variable %s, which holds the key "
            "of its signatures, is not set.",
            link.key,
            link.signing_key_variable or "(without a name)",
        )
        raise IncompleteLink
    vouched = signed_part(f"{join_address(link)}?{query}", key)
    if vouched is None:
        raise IncompleteLink
    return vouched.partition("?")[2]


def _signing_key(link: RecruitmentLink) -> str:
    return os.environ.get(link.signing_key_variable, "") if link.signing_key_variable else ""


@dataclass(frozen=True)
class Farewell:
    """What the last page tells somebody who ended."""

    outcome: str
    code: str
    pay: Decimal | None
    currency: str
    service: str
    exit_address: str | None


def farewell_to(participation: Participation) -> Farewell:
    """The last page's facts, for a participation that has ended in any way."""
    link = participation.link
    return Farewell(
        outcome=participation.outcome,
        code=participation.completion_code,
        pay=pay_due(participation),
        currency=participation.locale.currency if participation.locale else "",
        service=_service(link) if link else "",
        exit_address=_exit_address(link, participation) if link else None,
    )


def pay_due(participation: Participation) -> Decimal | None:
    """The whole pay, the pay of a short exit, or nothing that a page could promise."""
    if participation.locale is None:
        return None
    if participation.outcome == Outcome.COMPLETE:
        return participation.locale.pay
    declined = participation.outcome == Outcome.WITHDRAWN and participation.declined_at
    if declined or participation.outcome in {Outcome.SCREENED_OUT, Outcome.QUOTA_FULL}:
        return participation.locale.short_pay
    return None


def _service(link: RecruitmentLink) -> str:
    """The name people know their recruiter by."""
    if link.convention == Convention.PROLIFIC:
        return str(Convention.PROLIFIC.label)
    return link.vendor.name


def _exit_address(link: RecruitmentLink, participation: Participation) -> str | None:
    template = link.exits.get(participation.outcome, "")
    if not template:
        return None
    key = _signing_key(link)
    if link.signing_key_variable and not key:
        logger.error(
            "Nobody can leave by link %s: the environment variable %s, which holds the key "
            "of its signatures, is not set. People see their code alone.",
            link.key,
            link.signing_key_variable,
        )
        return None
    identity = ExternalIdentity.objects.filter(annotator=participation.annotator_id).first()
    return fill_exit(
        template,
        code=participation.completion_code,
        external_id=identity.external_id if identity else "",
        key=key,
    )

"""Tokens: made, used, revoked."""

import ipaddress
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Vendor
from annotation.actions.audit import record
from annotation.models import AuditEntry, Study
from exports.models import Access, ApiToken, hash_token
from exports.naming import refuse_rehearsal

LAST_USE_EXACT_TO = timedelta(minutes=1)


@transaction.atomic
def create_token(
    *,
    vendor: Vendor,
    study: Study,
    name: str,
    fields: Sequence[str] = (),
    access: Access = Access.DATA,
    addresses: Sequence[str] = (),
    expires_at: datetime | None = None,
    created_by: User | None = None,
) -> str:
    """Returns a new token. It is shown this once; only its hash is stored.

    A second call makes another token. Raises ValidationError for an address that is none, and
    for a rehearsal.
    """
    refuse_rehearsal(study)
    token = "plv_" + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(
        vendor=vendor,
        study=study,
        name=name,
        start=token[:8],
        token_hash=hash_token(token),
        access=access,
        fields=list(fields),
        addresses=[as_network(address) for address in addresses],
        expires_at=expires_at,
        created_by=created_by,
    )
    record(kind=AuditEntry.Kind.TOKEN_CREATED, what=_what(made), by=created_by, study=study)
    return token


def as_network(address: str) -> str:
    """An address or a network as it is stored, such as 192.0.2.0/24. Raises ValidationError."""
    try:
        return str(ipaddress.ip_network(address.strip()))
    except ValueError:
        message = _("“%(address)s” is no address and no network: write it like 192.0.2.0/24.")
        raise ValidationError(message, params={"address": address}) from None


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None = None) -> None:
    """Ends a token now; a second call keeps the first time."""
    valid = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if valid.update(revoked_at=timezone.now()):
        record(kind=AuditEntry.Kind.TOKEN_REVOKED, what=_what(token), by=by, study=token.study)
    token.refresh_from_db(fields=["revoked_at"])


def _what(token: ApiToken) -> str:
    """How the audit names a token: its first characters open nothing."""
    return f"token {token.start}… of {token.vendor.key}, {token.access}"


def note_use(*, token: ApiToken) -> None:
    """Keeps when a token was last used, to the minute; more uses in it write nothing."""
    now = timezone.now()
    if token.last_used_at and token.last_used_at > now - LAST_USE_EXACT_TO:
        return
    ApiToken.objects.filter(pk=token.pk).filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USE_EXACT_TO)
    ).update(last_used_at=now)

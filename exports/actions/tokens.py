"""Tokens: made, used, revoked."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Vendor
from annotation.models import Study
from exports.models import ApiToken, hash_token


def create_token(
    *,
    vendor: Vendor,
    study: Study,
    name: str,
    fields: Sequence[str],
    expires_at: datetime | None = None,
) -> str:
    """Returns a new token. It is shown this once; only its hash is stored."""
    token = "plv_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(
        vendor=vendor,
        study=study,
        name=name,
        start=token[:8],
        token_hash=hash_token(token),
        fields=list(fields),
        expires_at=expires_at,
    )
    return token


def note_use(*, token: ApiToken) -> None:
    """Keeps when a token was last used, to the minute."""
    now = timezone.now()
    ApiToken.objects.filter(pk=token.pk).filter(
        Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(minutes=1))
    ).update(last_used_at=now)

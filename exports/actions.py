"""Every write about what leaves."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.models import Vendor
from annotation.models import Study
from exports.models import ApiToken, Pseudonym, hash_token


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


def ensure_pseudonyms(
    *, study: Study, recipient: Vendor, kind: Pseudonym.Kind, target_ids: Iterable[int]
) -> dict[int, int]:
    """The number of each target for this recipient, made where it lacks one."""
    wanted = set(target_ids)
    known: dict[int, int] = {}
    for _attempt in range(5):  # a number drawn twice is left out by the constraint: draw again
        known = dict(
            Pseudonym.objects.filter(study=study, recipient=recipient, kind=kind).values_list(
                "target_id", "number"
            )
        )
        lacking = wanted - known.keys()
        if not lacking:
            break
        Pseudonym.objects.bulk_create(
            [
                Pseudonym(study=study, recipient=recipient, kind=kind, target_id=target)
                for target in lacking
            ],
            ignore_conflicts=True,
            batch_size=2000,
        )
    return known

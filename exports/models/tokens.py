"""Keys with which a vendor's programs fetch its part of one study."""

import hashlib

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Vendor
from annotation.models import Study


def hash_token(token: str) -> str:
    """SHA-256 of a token. Tokens are 32 random bytes, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> "ApiTokenQuerySet":
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class Access(models.TextChoices):
    """What a token opens. Data speak pseudonyms, people the vendor's own ids: never both."""

    DATA = "data", _("data: exports and the change feed, under pseudonyms")
    PEOPLE = "people", _("people: invitations, status and pay, under the vendor's own ids")


class ApiToken(models.Model):
    """A vendor's key to one study: only its own people, only the listed fields."""

    vendor = models.ForeignKey(Vendor, models.CASCADE)
    study = models.ForeignKey(Study, models.CASCADE)
    name = models.CharField(max_length=100)
    start = models.CharField(
        max_length=12, blank=True, default="", editable=False, help_text="its first characters"
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    access = models.CharField(max_length=6, choices=Access, default=Access.DATA)
    fields = models.JSONField(help_text="columns that carry values; the others leave empty")
    addresses = models.JSONField(
        default=list, blank=True, help_text="networks it may be used from; empty: anywhere"
    )
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.vendor}, {self.study})"

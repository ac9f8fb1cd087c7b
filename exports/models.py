"""OUT: who may fetch what, and under which numbers people and conversations leave."""

import hashlib
import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models import Study


def hash_token(token: str) -> str:
    """SHA-256 of a token. Tokens are 32 random bytes, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> "ApiTokenQuerySet":
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class ApiToken(models.Model):
    """A vendor's key to one study: only its own people, only the listed fields."""

    vendor = models.ForeignKey(Vendor, models.CASCADE)
    study = models.ForeignKey(Study, models.CASCADE)
    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    fields = models.JSONField(help_text="columns that carry values; the others leave empty")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} ({self.vendor}, {self.study})"


FIRST_NUMBER, LAST_NUMBER = 10**13, 10**14 - 1


def new_number() -> int:
    """A random number of 14 digits."""
    return FIRST_NUMBER + secrets.randbelow(LAST_NUMBER - FIRST_NUMBER + 1)


class Pseudonym(models.Model):
    """The number under which one recipient of one study knows a person or a conversation."""

    class Kind(models.TextChoices):
        ANNOTATOR = "annotator", _("annotator")
        CONVERSATION = "conversation", _("conversation")

    study = models.ForeignKey(Study, models.CASCADE)
    recipient = models.ForeignKey(Vendor, models.CASCADE)
    kind = models.CharField(max_length=12, choices=Kind)
    target_id = models.BigIntegerField()
    number = models.BigIntegerField(default=new_number)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "recipient", "kind", "target_id"],
                name="one_pseudonym_per_recipient_and_target",
            ),
            models.UniqueConstraint(
                fields=["study", "recipient", "number"],
                name="a_pseudonym_names_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

"""Messages to a vendor's or a panel's server: rows first, then retried until they arrive."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor, new_public_id
from annotation.models import Participation, Study


class Event(models.TextChoices):
    COMPLETED = "participation.completed", _("somebody ended her part")
    WITHDRAWN = "participation.withdrawn", _("somebody withdrew")
    EXPORT_READY = "export.ready", _("an export is ready")


class Webhook(models.Model):
    """Where a vendor wants to be told, and of what. Its secret is derived, never stored."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    vendor = models.ForeignKey(Vendor, models.PROTECT)
    study = models.ForeignKey(Study, models.PROTECT)
    url = models.URLField(max_length=500)
    events = models.JSONField(default=list, help_text="of which it is told")
    created_at = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.url} ({self.vendor}, {self.study})"


class Delivery(models.Model):
    """One message to one receiver; the same event is never a second row."""

    message_id = models.CharField(max_length=20, unique=True, editable=False)
    webhook = models.ForeignKey(
        Webhook, models.PROTECT, null=True, blank=True, help_text="empty: a panel's exit"
    )
    participation = models.ForeignKey(Participation, models.PROTECT, null=True, blank=True)
    event = models.CharField(max_length=30, choices=Event)
    subject = models.CharField(max_length=40, help_text="what it is about; with the event: unique")
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, help_text="of the next attempt")
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_answer = models.CharField(max_length=200, blank=True, help_text="status or fault")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["webhook", "participation", "event", "subject"],
                nulls_distinct=False,
                name="one_delivery_per_receiver_and_event",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(delivered_at=None, given_up_at=None),
                name="deliveries_that_are_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"

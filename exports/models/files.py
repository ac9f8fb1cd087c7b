"""Files that were asked for: exports for one recipient, and releases for everybody."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Vendor, new_public_id
from annotation.models import Study
from exports.models.tokens import ApiToken


class State(models.TextChoices):
    QUEUED = "queued", _("waiting for a worker")
    RUNNING = "running", _("being written")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    GONE = "gone", _("deleted")


class File(models.Model):
    """How a file comes about: asked for, written under another name, complete, deleted."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="a worker is at it; afterwards another may take it up"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True, help_text="why it failed, for people")
    data_until = models.DateTimeField(
        null=True, blank=True, help_text="the moment whose data it holds"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=200, blank=True, help_text="in the folder of exports")
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="bytes")
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.JSONField(default=dict, blank=True, help_text="number of rows by format")
    plan_hash = models.CharField(max_length=64, blank=True, help_text="of the study's frozen plan")

    class Meta:
        abstract = True

    @property
    def is_empty(self) -> bool:
        """Complete and valid, and nothing matched what was asked for."""
        return self.state == State.READY and not any(self.rows.values())


class Export(File):
    """One format in one container, for one vendor or for the researchers."""

    vendor = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, help_text="only its people; empty: all"
    )
    token = models.ForeignKey(ApiToken, models.PROTECT, null=True, blank=True)
    format = models.CharField(max_length=30)
    container = models.CharField(max_length=12)
    options = models.JSONField(default=dict, blank=True, help_text="variant, phase, times")

    def __str__(self) -> str:
        return f"{self.format}.{self.container} of {self.study}"


class Tier(models.TextChoices):
    """Who may have a release."""

    PUBLIC = "public", _("public")
    AGREEMENT = "agreement", _("by agreement")


class Release(File):
    """A numbered archive of a study for one tier; what it generalised is kept with it."""

    version = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=9, choices=Tier)
    licence = models.CharField(max_length=100, help_text="SPDX identifier, such as CC-BY-4.0")
    formats = models.JSONField(help_text="format names with their containers")
    settings = models.JSONField(
        default=dict, blank=True, help_text="times, smallest group k, diversity l, what is recoded"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "version", "tier"], name="one_release_per_version_and_tier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.study} v{self.version} {self.tier}"

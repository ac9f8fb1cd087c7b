"""Personal data that a check found in free text, and what a person decided about it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.models import Turn


class Screening(models.Model):
    """That the texts of a turn were checked: as they stood then, and by which rules."""

    turn = models.OneToOneField(Turn, models.CASCADE, related_name="screening")
    texts_sha256 = models.CharField(max_length=64, help_text="of her texts of this turn together")
    rules = models.PositiveSmallIntegerField(help_text="their version")
    screened_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"turn {self.turn_id}, rules {self.rules}"


class Finding(models.Model):
    """One place in one text. Nothing is cut before a person says so."""

    class Part(models.TextChoices):
        MESSAGE = "message", _("message")
        EXPLANATION = "explanation", _("explanation")
        REASON = "reason", _("reason")

    class Verdict(models.TextChoices):
        KEEP = "keep", _("no personal data: leave it")
        MASK = "mask", _("personal data: mask it in every release")

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="findings")
    part = models.CharField(max_length=11, choices=Part)
    kind = models.CharField(max_length=20, help_text="e-mail, telephone, card, …")
    start = models.PositiveIntegerField(help_text="characters from the beginning, from 0")
    length = models.PositiveIntegerField(help_text="characters")
    text_sha256 = models.CharField(max_length=64, help_text="of the whole text that was checked")
    found_at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=4, choices=Verdict, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["turn", "part", "kind", "start"], name="one_finding_per_place_and_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict="", decided_at__isnull=True)
                | (~models.Q(verdict="") & models.Q(decided_at__isnull=False)),
                name="a_verdict_comes_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.part} of turn {self.turn_id}"

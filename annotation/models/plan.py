"""What became of a study's plan: every change of it, and who let a locale go on."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.models.parts import StudyLocale
from annotation.models.study import Phase, Study


class PlanChange(models.Model):
    """One change of a plan after its first planning: what, by whom, why. Never changed.

    A change adds or voids slots and touches no judgement.
    """

    class Kind(models.TextChoices):
        TARGET = "target", _("target")
        CELLS = "cells", _("cells")
        RETIRED = "retired", _("prompt retired")
        REPLACED = "replaced", _("prompt replaced")
        SIGNED = "signed", _("soft launch signed")
        UNLOCKED = "unlocked", _("outcomes by group unlocked")
        OPENED = "opened", _("opened")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("went on")
        CLOSED = "closed", _("closed")

        @classmethod
        def of_running(cls) -> tuple["PlanChange.Kind", ...]:
            """What lets people in or keeps them out, and changes no place."""
            return (
                cls.SIGNED,
                cls.UNLOCKED,
                cls.OPENED,
                cls.PAUSED,
                cls.RESUMED,
                cls.CLOSED,
            )

    study = models.ForeignKey(Study, models.PROTECT, related_name="plan_changes")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    why = models.CharField(max_length=500)
    details = models.JSONField(default=dict, help_text="before and after")
    slots_added = models.PositiveIntegerField(default=0)
    slots_voided = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("study", "at", "pk")

    def __str__(self) -> str:
        return f"{self.study}: {self.get_kind_display()}"


class SignOff(models.Model):
    """A person read a locale's soft launch and lets it go on."""

    locale = models.ForeignKey(StudyLocale, models.PROTECT, related_name="sign_offs")
    phase = models.CharField(max_length=10, choices=Phase)
    by = models.ForeignKey(User, models.PROTECT)
    at = models.DateTimeField(default=timezone.now)
    figures = models.JSONField(help_text="the checklist as it stood when it was signed")
    notes = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["locale", "phase"], name="one_signature_per_soft_launch"
            )
        ]

    def __str__(self) -> str:
        return f"{self.locale} {self.phase}"


class FrozenPlan(models.Model):
    """A study's plan as it stood when it opened, or after a change. Never changed.

    `definition` is what was hashed (annotation/definition/rendering.py says what belongs to it).
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="frozen_plans")
    number = models.PositiveSmallIntegerField(help_text="1: at the opening; then amendments")
    hash = models.CharField(max_length=64, help_text="SHA-256 of the definition's canonical JSON")
    definition = models.JSONField()
    why = models.CharField(max_length=500)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("study", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="one_frozen_plan_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.number}: {self.hash[:12]}"

"""Suggested topics of prompts, and sheets on which two coders name themes of explanations."""

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.models import Explanation, Phase, Study


def new_item_id() -> str:
    return secrets.token_hex(6)


class TopicSuggestion(models.Model):
    """Clusters of a pool's prompts, made by a worker; any row may be deleted.

    `result`: `clusters`, for each its words and the keys of its prompts, the most telling
    first; and `apart`, their mean silhouette. A suggestion changes no prompt.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits to be made")
        READY = "ready", _("made")
        FAILED = "failed", _("could not be made")

    study = models.ForeignKey(Study, models.CASCADE, related_name="+")
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    seed = models.BigIntegerField()
    clusters = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="asked for; empty: as many as stand farthest apart"
    )
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    sentence = models.CharField(max_length=300, blank=True, help_text="why it failed")
    language = models.CharField(max_length=10, blank=True, help_text="of the texts compared")
    result = models.JSONField(default=dict, blank=True)
    put_aside = models.JSONField(default=list, blank=True, help_text="numbers of clusters")

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.study} {self.at:%Y-%m-%d %H:%M}"


class ThemeSheet(models.Model):
    """A random sample of explanations that two coders read, each without the other."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    phase = models.CharField(max_length=10, choices=Phase)
    number = models.PositiveSmallIntegerField(help_text="in the study, from 1")
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    seed = models.BigIntegerField(help_text="of the sample")
    language = models.CharField(max_length=10, blank=True, help_text="empty: all languages")
    released_only = models.BooleanField(
        default=False, help_text="only of people who also allow the release of their words"
    )
    coders = models.JSONField(help_text="the names of the two")

    class Meta:
        ordering = ("study", "-number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="one_theme_sheet_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.study} sheet {self.number}"


class ThemeItem(models.Model):
    """One explanation on a sheet, under a random name that leads to nobody."""

    sheet = models.ForeignKey(ThemeSheet, models.CASCADE, related_name="items")
    name = models.CharField(max_length=12, unique=True, default=new_item_id)
    explanation = models.ForeignKey(Explanation, models.CASCADE, related_name="+")

    class Meta:
        ordering = ("sheet", "name")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sheet", "explanation"], name="an_explanation_stands_once_on_a_sheet"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ThemeCoding(models.Model):
    """The themes that one of the two coders (0 or 1) sees in one explanation; may be none."""

    item = models.ForeignKey(ThemeItem, models.CASCADE, related_name="codings")
    coder = models.PositiveSmallIntegerField()
    themes = models.JSONField(default=list, blank=True)
    stored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "coder"], name="one_coding_per_coder_and_item"),
            models.CheckConstraint(
                condition=models.Q(coder__in=(0, 1)), name="a_sheet_has_two_coders"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} by {self.coder}"

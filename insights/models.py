"""Figures that were computed, kept so that a page opens at once. Nothing else is stored here."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from annotation.models import Phase, Study
from insights.coding_models import ThemeCoding, ThemeItem, ThemeSheet, TopicSuggestion
from insights.figures.figure import Figure, Options, Result
from insights.figures.snapshots import Version

__all__ = ["ComputedFigure", "ThemeCoding", "ThemeItem", "ThemeSheet", "TopicSuggestion"]


class ComputedFigure(models.Model):
    """A figure of one phase of a study, under one choice of options.

    The result stays while a newer one is computed. Any row may be deleted: it is made anew.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits to be computed")
        READY = "ready", _("computed")
        FAILED = "failed", _("could not be computed")

    study = models.ForeignKey(Study, models.CASCADE, related_name="+")
    phase = models.CharField(max_length=10, choices=Phase)
    figure = models.SlugField(max_length=60)
    options_hash = models.CharField(max_length=16)
    options = models.JSONField(help_text="turns, with excluded people or not, arm")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField(null=True, blank=True, help_text="of the workers, lately")
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="a worker computes it; then another one may"
    )
    code_version = models.PositiveSmallIntegerField(null=True, blank=True)
    epoch = models.PositiveSmallIntegerField(null=True, blank=True)
    transaction = models.BigIntegerField(
        null=True, blank=True, help_text="everything below it was seen"
    )
    basis = models.CharField(
        max_length=16, blank=True, help_text="what else than judgements it rests on, as a digest"
    )
    result = models.JSONField(null=True, blank=True)
    computed_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True, help_text="that computing took")
    sentence = models.CharField(max_length=300, blank=True, help_text="why it failed")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "phase", "figure", "options_hash"],
                name="one_result_per_figure_phase_and_options",
            )
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.phase} {self.figure}"

    @property
    def found(self) -> Result | None:
        return None if self.result is None else Result.of_data(self.result)

    @property
    def version(self) -> Version | None:
        if self.epoch is None or self.transaction is None:
            return None
        return Version(self.epoch, self.transaction)

    @property
    def chosen(self) -> Options:
        return Options(**self.options)

    def may_be_asked(self, figure: Figure, now: datetime, *, changed: bool) -> bool:
        """Whether a worker should be told (again).

        A result rests ten times as long as it took, a failure for a minute, and a message is
        repeated after some seconds, since it may be lost.
        """
        if self.leased_until and self.leased_until > now:
            return False
        if self.asked_at and self.asked_at > now - REPEATED:
            return False
        if self.state == self.State.WAITING or self.computed_at is None:
            return True
        if self.state == self.State.FAILED:
            return self.computed_at < now - RESTED
        rested = self.computed_at + timedelta(seconds=10 * (self.seconds or 0)) <= now
        return self.code_version != figure.version or (changed and rested)


REPEATED = timedelta(seconds=15)
RESTED = timedelta(minutes=1)

"""What a study is made of: where it runs, its periods of collection, and its cells of people."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from annotation.models.study import Study
from candidates.models import Prompt


class ExplanationPolicy(models.TextChoices):
    OFF = "off", _("not asked")
    OPTIONAL = "optional", _("optional")
    REQUIRED = "required", _("required")


class StudyLocale(models.Model):
    """A country-language pair of a study, and how many people judge each set there."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="locales")
    country = models.CharField(max_length=2, help_text="ISO 3166-1 code")
    language = models.CharField(max_length=10)
    target = models.PositiveSmallIntegerField(help_text="distinct people per candidate set")
    core_target = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the same, for prompts of the core; empty: as the others"
    )
    planned_people = models.PositiveIntegerField(
        null=True, blank=True, help_text="planned; shares of cells are shares of them"
    )
    pay_floor = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True,
        help_text="an hour; below it the researchers are warned",
    )  # fmt: skip
    legal_basis = models.CharField(
        max_length=300,
        blank=True,
        help_text="for questions on special categories; empty: they are not asked here",
    )
    pay = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="for the whole study"
    )
    short_pay = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="for a short exit"
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 code")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "country", "language"], name="one_locale_per_country_and_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.country}-{self.language}"

    def target_of(self, prompt: Prompt) -> int:
        """How many people judge each set of this prompt here."""
        if self.core_target is not None and prompt.key in self.study.core:
            return self.core_target
        return self.target


class Wave(models.Model):
    """A period of collection with its own explanation policy."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    explanation_policy = models.CharField(
        max_length=10, choices=ExplanationPolicy, default=ExplanationPolicy.OPTIONAL
    )
    explanation_share = models.FloatField(
        default=1.0, help_text="of all turns, drawn at random, on which the question is asked"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="one_wave_per_number"),
            models.CheckConstraint(
                condition=Q(explanation_share__gt=0, explanation_share__lte=1),
                name="a_share_of_turns_is_above_0_and_at_most_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} wave {self.number}"


class Quota(models.Model):
    """A demographic cell of people, and how many of them the study wants."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="quotas")
    key = models.SlugField()
    conditions = models.JSONField(
        help_text='who belongs to it, such as {"country": ["FR"], "gender": ["female"], '
        '"age": {"from": 18, "to": 34}}'
    )
    target = models.PositiveIntegerField(help_text="people")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key"], name="one_quota_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.key}"

"""The ways to make a candidate set."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from candidates.models.endpoints import ModelEndpoint


class Sampler(models.Model):
    """One version of a way to make a candidate set. A change is a new version."""

    class Strategy(models.TextChoices):
        NC = "nc", _("negatively correlated, one generation")
        NC_DEFAULT = "nc_default", _("negatively correlated, and one default response")
        TEMPERATURE = "temperature", _("independent draws from one model")
        MULTI_MODEL = "multi_model", _("one draw from each of several models")
        STEERED = "steered", _("one draw for each named value pole")

    key = models.SlugField()
    version = models.PositiveIntegerField()
    strategy = models.CharField(max_length=20, choices=Strategy)
    n = models.PositiveSmallIntegerField()
    endpoint = models.ForeignKey(ModelEndpoint, models.PROTECT)
    instructions = models.JSONField(help_text="per language: what asks for diverse responses")
    format_instructions = models.JSONField(
        help_text="per language: length and form, the same for every candidate"
    )
    parameters = models.JSONField(default=dict, blank=True)
    words_min = models.PositiveIntegerField()
    words_max = models.PositiveIntegerField()
    max_attempts = models.PositiveSmallIntegerField(default=3)
    oversample = models.PositiveSmallIntegerField(
        default=0, help_text="m > n: draw m and keep the n that differ most; 0: draw n"
    )
    further_endpoints = models.ManyToManyField(
        ModelEndpoint, blank=True, related_name="+", help_text="of a multi-model sampler"
    )
    poles = models.JSONField(
        default=dict, blank=True, help_text="steered: for each pole its instruction per language"
    )
    anchor = models.BooleanField(
        default=False, help_text="the default response is shared by all arms of a prompt"
    )
    thresholds = models.JSONField(
        default=dict,
        blank=True,
        help_text="per language and measure: the highest mean similarity that is shown",
    )
    tolerated_languages = models.JSONField(
        default=dict, blank=True, help_text="per language: others that are accepted too"
    )
    control_share = models.FloatField(
        default=0.1, help_text="of sets that skip the diversity threshold, as control"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="one_sampler_per_version"),
            models.CheckConstraint(condition=Q(n__gte=2), name="a_set_has_two_candidates_or_more"),
            models.CheckConstraint(
                condition=Q(words_min__lte=F("words_max")), name="the_word_budget_is_a_range"
            ),
            models.CheckConstraint(
                condition=Q(oversample=0) | Q(oversample__gt=F("n")),
                name="oversampling_draws_more_than_it_keeps",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"

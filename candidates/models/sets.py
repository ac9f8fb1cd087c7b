"""Candidate sets, from the moment they are asked for."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from candidates.models.endpoints import Budget
from candidates.models.prompts import PromptText
from candidates.models.samplers import Sampler


class CandidateSetQuerySet(models.QuerySet["CandidateSet"]):
    def ready(self) -> "CandidateSetQuerySet":
        return self.filter(status=CandidateSet.Status.READY)

    def due(self) -> "CandidateSetQuerySet":
        """Sets to be generated whose worker, if they ever had one, is gone."""
        return self.filter(status=CandidateSet.Status.PENDING, leased_until__lt=timezone.now())


class CandidateSet(models.Model):
    """Responses made to be compared. Frozen once ready; only a ready set is ever shown.

    A set that a study waits for stays one row through every attempt. An attempt that
    fails the checks becomes a row of its own (status refused, `refused_for` the set it
    was made for) with its generations and reasons, and never has candidates.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting to be generated")
        READY = "ready", _("ready")
        REFUSED = "refused", _("attempt refused")
        FAILED = "failed", _("failed: no attempt succeeded")
        QUARANTINED = "quarantined", _("valid, but not diverse enough")

    prompt_text = models.ForeignKey(
        PromptText, models.PROTECT, null=True, blank=True, help_text="empty: a live set"
    )
    sampler = models.ForeignKey(Sampler, models.PROTECT)
    replicate = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=10)
    context = models.JSONField(help_text="the messages to answer, oldest first (chosen path)")
    context_hash = models.CharField(max_length=64, help_text="SHA-256: evidence, not identity")
    seed = models.BigIntegerField()
    urgent = models.BooleanField(default=False, help_text="a person is waiting for it")

    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="refused so far")
    rounds = models.PositiveSmallIntegerField(
        default=1, help_text="each renewed start allows the sampler's attempts once more"
    )
    leased_until = models.DateTimeField(default=timezone.now)
    refused_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="refused_attempts"
    )
    reasons = models.JSONField(default=list, blank=True, help_text="why it was refused")
    measures = models.JSONField(
        default=dict, blank=True, help_text="diversity, length and form; see candidates/diversity"
    )
    control = models.BooleanField(default=False, help_text="drawn to skip the diversity threshold")
    budget = models.ForeignKey(Budget, models.PROTECT, null=True, blank=True)
    parallel_to = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parallels",
        help_text="of a parallel set: the native set whose candidates it translates",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    objects = CandidateSetQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["leased_until"],
                condition=Q(status="pending"),
                name="pending_sets_by_lease",
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["prompt_text", "sampler", "replicate"],
                condition=Q(
                    refused_for__isnull=True, prompt_text__isnull=False, parallel_to__isnull=True
                ),
                name="one_pool_set_per_text_sampler_and_replicate",
            ),
            models.UniqueConstraint(
                fields=["prompt_text", "parallel_to"],
                condition=Q(refused_for__isnull=True, parallel_to__isnull=False),
                name="one_parallel_set_per_text_and_original",
            ),
            models.CheckConstraint(
                condition=Q(status="refused", refused_for__isnull=False)
                | Q(~Q(status="refused"), refused_for__isnull=True),
                name="a_refused_attempt_names_its_set",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_text or 'live'} · {self.sampler} · {self.status}"

    @cached_property
    def canned(self) -> bool:
        """Whether any text in it came from the demonstration provider."""
        return self.candidates.filter(generation__canned=True).exists()

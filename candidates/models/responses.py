"""The calls to endpoints, and the responses that became candidates."""

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from candidates.models.endpoints import ModelEndpoint
from candidates.models.prompts import PromptText
from candidates.models.sets import CandidateSet


def new_handle() -> str:
    """Returns a random name for a candidate: the only name that leaves the server."""
    return secrets.token_hex(8)


class Generation(models.Model):
    """One call to an endpoint: what was asked, what came back, what it cost."""

    class Part(models.TextChoices):
        DIVERSE = "diverse", _("diverse responses, one text")
        DEFAULT = "default", _("one default response")
        DRAW = "draw", _("one independent draw")
        STEERED = "steered", _("one response for a value pole")
        TRANSLATION = "translation", _("candidates translated")

    candidate_set = models.ForeignKey(CandidateSet, models.CASCADE, related_name="generations")
    attempt = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=12, choices=Part)
    draw = models.PositiveSmallIntegerField(default=0, help_text="which of several like it")
    endpoint = models.ForeignKey(ModelEndpoint, models.PROTECT)
    request = models.JSONField(help_text="messages and parameters as sent")
    raw = models.TextField(blank=True, help_text="the answer, untouched")
    model_returned = models.CharField(max_length=200, blank=True)
    finish_reason = models.CharField(max_length=50, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(
        max_digits=12, decimal_places=8, default=0, help_text="tokens at the endpoint's prices"
    )
    canned = models.BooleanField(default=False, help_text="answered by the demo provider")
    error = models.CharField(max_length=500, blank=True)
    parse_result = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.part} of set {self.candidate_set_id}, attempt {self.attempt}"


class Candidate(models.Model):
    """One response in a set, with where it came from."""

    class Source(models.TextChoices):
        NC = "nc", _("negatively correlated")
        DEFAULT = "default", _("default")
        TEMPERATURE = "temperature", _("independent draw")
        MULTI_MODEL = "multi_model", _("one of several models")
        STEERED = "steered", _("steered to a value pole")

    candidate_set = models.ForeignKey(CandidateSet, models.CASCADE, related_name="candidates")
    position = models.PositiveSmallIntegerField(help_text="in the set, from 0; never shown")
    handle = models.CharField(max_length=16, unique=True, default=new_handle, editable=False)
    text = models.TextField()
    source = models.CharField(max_length=12, choices=Source)
    pole = models.CharField(max_length=40, blank=True, help_text="the pole it was steered to")
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="candidates")
    generation_index = models.PositiveSmallIntegerField(help_text="in the raw answer, from 0")
    language = models.CharField(max_length=10)
    translated_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="translations"
    )
    stage = models.CharField(
        max_length=12,
        choices=PromptText.Stage,
        blank=True,
        help_text="of a translation: how far it was reviewed; empty: native",
    )

    class Meta:
        ordering = ("candidate_set", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["candidate_set", "position"], name="one_candidate_per_place_in_a_set"
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def translated_as(
        self, made: CandidateSet, generation: Generation, text: str, stage: str
    ) -> "Candidate":
        """An unsaved candidate that translates this one: same place and source, its own handle."""
        return Candidate(
            candidate_set=made,
            position=self.position,
            text=text,
            source=self.source,
            pole=self.pole,
            generation=generation,
            generation_index=self.position,
            language=made.language,
            translated_from=self,
            stage=stage,
        )

    def provenance(self) -> dict[str, Any]:
        """Everything known about where the text came from, for staff and exports."""
        return {
            "sampler": str(self.candidate_set.sampler),
            "source": self.source,
            "model": self.generation.model_returned,
            "generation_index": self.generation_index,
            "finish_reason": self.generation.finish_reason,
            "canned": self.generation.canned,
        }


class Anchor(models.Model):
    """The default response that every arm of a prompt shares, so that arms can be compared."""

    prompt_text = models.OneToOneField(PromptText, models.PROTECT)
    generation = models.OneToOneField(Generation, models.PROTECT)
    text = models.TextField()

    def __str__(self) -> str:
        return f"anchor of {self.prompt_text}"

"""Prompts: their pools, their identities, their texts in each language."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class PromptPool(models.Model):
    """The prepared prompts of a study."""

    key = models.SlugField(unique=True)

    def __str__(self) -> str:
        return self.key


class PromptQuerySet(models.QuerySet["Prompt"]):
    def in_use(self) -> "PromptQuerySet":
        return self.filter(retired_at=None)


class Prompt(models.Model):
    """One identity of a prompt across all its languages."""

    pool = models.ForeignKey(PromptPool, models.PROTECT, related_name="prompts")
    key = models.SlugField()
    topics = models.JSONField(default=list, blank=True, help_text="codes of its topics")
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="from then on nobody new is given it"
    )
    retired_why = models.CharField(max_length=300, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pool", "key"], name="one_prompt_per_key_in_a_pool")
        ]

    def __str__(self) -> str:
        return self.key


class PromptText(models.Model):
    """A prompt in one language. A changed text is a new version; old judgements keep theirs."""

    class Stage(models.TextChoices):
        """How far the text has come (TRAPD: Harkness, 2003)."""

        UNREVIEWED = "unreviewed", _("not reviewed")
        REVIEWED = "reviewed", _("reviewed by a second person")
        ADJUDICATED = "adjudicated", _("adjudicated")

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="texts")
    language = models.CharField(max_length=10)
    version = models.PositiveIntegerField(default=1)
    text = models.TextField()
    translated_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.UNREVIEWED)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["prompt", "language", "version"],
                name="one_prompt_text_per_language_and_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prompt} {self.language} v{self.version}"

"""A study while it is written."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class TextStage(models.TextChoices):
    """How far a text in one language has come (TRAPD: Harkness, 2003)."""

    TRANSLATION = "translation", _("translated")
    REVIEW = "review", _("reviewed")
    ADJUDICATION = "adjudication", _("adjudicated")
    PRETEST = "pretest", _("pretested")
    DOCUMENTATION = "documentation", _("documented")


class StudyDraft(models.Model):
    """What the pages of authoring edit. Storing it makes the study's rows, as its file does.

    `definition` has the structure of a study's file and may be incomplete. `marks` say of each
    text and language how far it is, and of which source text it was made: path to language to
    {"stage", "source"}, where source is a hash.
    """

    key = models.SlugField(unique=True)
    definition = models.JSONField(default=dict)
    marks = models.JSONField(default=dict, blank=True)
    source_language = models.CharField(max_length=10, default="en")
    version = models.PositiveIntegerField(default=0, help_text="counts changes")
    stored_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="what the study's rows were made from"
    )
    stored_hash = models.CharField(
        max_length=64, blank=True, help_text="of the definition that the rows gave then"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.key

    @property
    def is_stored(self) -> bool:
        """Whether the study's rows say what the draft says."""
        return self.stored_version == self.version

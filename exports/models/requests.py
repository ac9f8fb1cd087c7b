"""What a vendor's programs asked for through the API, so that asking twice does it once."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Annotator
from annotation.models import RecruitmentLink, Study
from exports.models.files import Export
from exports.models.tokens import ApiToken


class Invitation(models.Model):
    """A vendor named somebody for a study. Her recruitment id stands with the annotator."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="+")
    annotator = models.ForeignKey(Annotator, models.CASCADE, related_name="invitations")
    link = models.ForeignKey(RecruitmentLink, models.PROTECT, help_text="she is asked to come by")
    invited_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["annotator", "study"], name="one_invitation_per_person_and_study"
            )
        ]

    def __str__(self) -> str:
        return f"invitation of {self.annotator_id} to {self.study}"


class IdempotencyKey(models.Model):
    """A key that a vendor's program gave to one request, and what the request brought about."""

    token = models.ForeignKey(ApiToken, models.CASCADE)
    key_sha256 = models.CharField(max_length=64, help_text="of the key as it was sent")
    request_sha256 = models.CharField(max_length=64, help_text="of what was asked for")
    export = models.ForeignKey(Export, models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["token", "key_sha256"], name="one_request_per_key")
        ]

    def __str__(self) -> str:
        return f"key of {self.export_id}"

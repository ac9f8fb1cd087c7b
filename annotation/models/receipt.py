"""What somebody who withdrew has in her hands."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import new_public_id
from annotation.models.participation import Participation


class Receipt(models.Model):
    """That she withdrew, and what was erased: times and numbers, and nothing about her."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    participation = models.OneToOneField(Participation, models.PROTECT)
    withdrawn_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True)
    erased = models.JSONField(default=dict, blank=True, help_text="how many of each were emptied")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="who erased it for her; empty: she herself",
    )

    def __str__(self) -> str:
        return self.public_id

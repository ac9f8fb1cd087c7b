"""The address that a vendor hands out, and by whose convention."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Vendor
from annotation.models.parts import Wave
from annotation.models.study import Phase, Study, new_link_key


class Convention(models.TextChoices):
    """Which service recruits, hence how ids arrive and how people leave."""

    PLAIN = "plain", _("no service")
    PROLIFIC = "prolific", _("Prolific")
    CLOUDRESEARCH = "cloudresearch", _("CloudResearch or MTurk")
    PANEL = "panel", _("a panel")


class RecruitmentLink(models.Model):
    """The address a vendor hands out; it serves any number of people."""

    study = models.ForeignKey(Study, models.CASCADE)
    vendor = models.ForeignKey(Vendor, models.PROTECT)
    wave = models.ForeignKey(Wave, models.PROTECT)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.MAIN)
    key = models.CharField(max_length=16, unique=True, default=new_link_key)
    convention = models.CharField(max_length=13, choices=Convention, default=Convention.PLAIN)
    codes = models.JSONField(
        default=dict, blank=True, help_text="completion code by outcome; missing ones are drawn"
    )
    exits = models.JSONField(
        default=dict,
        blank=True,
        help_text="address by outcome; {code} and {id} are filled in; missing: the code alone",
    )
    callbacks = models.JSONField(
        default=dict,
        blank=True,
        help_text="address by outcome that this server itself calls, filled in as exits are",
    )
    signing_key_variable = models.CharField(
        max_length=100,
        blank=True,
        help_text="NAME of the environment variable whose key signs addresses",
    )
    signed_entry = models.BooleanField(
        default=False, help_text="people enter only with a signed address"
    )

    def __str__(self) -> str:
        return f"{self.study} for {self.vendor}"

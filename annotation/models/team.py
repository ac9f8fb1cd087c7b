"""The team: who has which role in which study, or for which vendor, and since when."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Vendor
from annotation.models.study import Study


class Role(models.TextChoices):
    """What somebody is to a study; `annotation.rights.ROLES` says what each may."""

    RESEARCHER = "researcher", _("researcher")
    REVIEWER = "reviewer", _("reviewer")
    VIEWER = "viewer", _("viewer")
    VENDOR_MANAGER = "vendor_manager", _("vendor manager")


class TeamMember(models.Model):
    """One role of one person: in a study, or, for a vendor's own manager, for the vendor."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=14, choices=Role)
    study = models.ForeignKey(Study, models.CASCADE, null=True, blank=True, related_name="members")
    vendor = models.ForeignKey(
        Vendor, models.CASCADE, null=True, blank=True, related_name="managers"
    )

    class Meta:
        ordering = ("role", "user__username")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="managers_have_a_vendor_and_others_a_study",
                condition=Q(role=Role.VENDOR_MANAGER, vendor__isnull=False, study=None)
                | Q(~Q(role=Role.VENDOR_MANAGER), study__isnull=False, vendor=None),
            ),
            models.UniqueConstraint(
                fields=["user", "study", "vendor", "role"],
                nulls_distinct=False,
                name="one_row_per_person_place_and_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} ({self.study or self.vendor})"


class TeamChange(models.Model):
    """Somebody was given a role, or lost it: who did it, and why. Never changed."""

    study = models.ForeignKey(
        Study, models.PROTECT, null=True, blank=True, related_name="team_changes"
    )
    vendor = models.ForeignKey(Vendor, models.PROTECT, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    why = models.CharField(max_length=500)
    details = models.JSONField(help_text="user, role, and whether it was given or taken")

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        details = self.details
        return f"{details['user']}: {details['role']} {details['what']}"

    @property
    def role_in_words(self) -> str:
        return str(Role(self.details["role"]).label)

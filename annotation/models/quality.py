"""Signals about how somebody worked: evidence for a person to decide on, never a verdict."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models.study import Participation


class FlagQuerySet(models.QuerySet["Flag"]):
    def raised(self) -> "FlagQuerySet":
        """What there is to say: a check that could not be made says nothing about anybody."""
        return self.filter(state=Flag.State.RAISED)


class Flag(models.Model):
    """One signal about one participation, its evidence, her answer, and what was decided."""

    class Kind(models.TextChoices):
        SPEED = "speed", _("faster than the text can be read")
        POSITION = "position", _("mostly one place on the page")
        REPEATED = "repeated", _("the same explanation again and again")
        PASTE = "paste", _("text pasted in")
        ATTENTION = "attention", _("an attention question was missed")
        COMPREHENSION = "comprehension", _("the practice question was missed twice")
        DUPLICATE = "duplicate", _("another person came from the same address")

    class State(models.TextChoices):
        RAISED = "raised", _("raised")
        NOT_RUN = "not_run", _("could not be checked")

    class Decision(models.TextChoices):
        KEPT = "kept", _("kept")
        EXCLUDED = "excluded", _("left out of the analysis")

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=13, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.RAISED)
    evidence = models.JSONField(default=dict, help_text="figures only: no choices, no demographics")
    raised_at = models.DateTimeField(default=timezone.now)
    answer = models.TextField(blank=True, help_text="of the person herself")
    answered_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participation", "kind"], name="one_flag_per_person_and_kind"
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by__isnull=True, decided_at__isnull=True)
                | (
                    ~Q(decision="")
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~Q(reason="")
                ),
                name="a_decision_says_by_whom_when_and_why",
            ),
        ]

    def __str__(self) -> str:
        # Staff decide without knowing whose it is: no id of hers stands here.
        return f"{self.get_kind_display()} ({self.pk})"


class ArrivalHash(models.Model):
    """A salted hash of the address somebody came from. The address itself is not kept."""

    participation = models.OneToOneField(Participation, models.CASCADE)
    digest = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return f"arrival of {self.participation}"

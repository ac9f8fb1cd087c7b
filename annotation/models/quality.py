"""Signals about how somebody worked: evidence for a person to decide on, never a verdict."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.models.participation import Participation


class FlagQuerySet(models.QuerySet["Flag"]):
    def waiting(self) -> "FlagQuerySet":
        """What a person is to decide: undecided, or objected to and not decided again."""
        again = FlagJudgement.objects.filter(flag=OuterRef("pk"), stage=FlagJudgement.Stage.AGAIN)
        objected = Q(objected_at__isnull=False) & ~Exists(again)
        return self.raised().filter(Q(decision="") | objected)

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

    objection = models.TextField(blank=True, help_text="hers to the decision, once")
    objected_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="wants another person to decide; empty: nobody does",
    )

    objects = FlagQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(objected_at=None, objection="")
                | (~Q(objected_at=None) & ~Q(decision="")),
                name="an_objection_follows_a_decision",
            ),
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

    @property
    def waits(self) -> bool:
        """Whether a person is to decide, at first or after an objection."""
        if self.state != self.State.RAISED:
            return False
        again = any(item.stage == FlagJudgement.Stage.AGAIN for item in self.judgements.all())
        return not self.decision or (self.objected_at is not None and not again)


class FlagJudgement(models.Model):
    """What one reviewer thought of a note, at one of three stages. Never changed.

    First without choices, texts and demographics; then, decided with them; and again, decided
    after the person objected. The note itself says the decision that stands.
    """

    class Stage(models.TextChoices):
        FIRST = "first", _("at first, blind")
        FINAL = "final", _("decided")
        AGAIN = "again", _("decided again, after an objection")

    class Verdict(models.TextChoices):
        KEPT = "kept", _("keep")
        EXCLUDED = "excluded", _("leave out")
        UNSURE = "unsure", _("cannot tell yet")

    flag = models.ForeignKey(Flag, models.CASCADE, related_name="judgements")
    stage = models.CharField(max_length=5, choices=Stage)
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["flag", "by"],
                condition=Q(stage="first"),
                name="one_first_judgement_per_reviewer",
            ),
            models.UniqueConstraint(
                fields=["flag", "stage"],
                condition=~Q(stage="first"),
                name="one_decision_per_stage",
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & (Q(stage="first") | ~Q(verdict="unsure")),
                name="a_judgement_has_a_reason_and_a_decision_is_sure",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} of note {self.flag_id}: {self.verdict}"


class Exclusion(models.Model):
    """One change of whether a person's judgements count, by whom and why. Never changed.

    `Participation.excluded_at` says how it stands.
    """

    participation = models.ForeignKey(Participation, models.PROTECT, related_name="exclusions")
    out = models.BooleanField(help_text="left out; else taken back")
    flag = models.ForeignKey(
        Flag, models.PROTECT, null=True, blank=True, help_text="the note that led to it"
    )
    why = models.TextField(help_text="she reads it")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(why=""), name="an_exclusion_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"{'out' if self.out else 'back'} {self.at:%Y-%m-%d}"


class ArrivalHash(models.Model):
    """A salted hash of the address somebody came from. The address itself is not kept."""

    participation = models.OneToOneField(Participation, models.CASCADE)
    digest = models.CharField(max_length=64, db_index=True)

    def __str__(self) -> str:
        return f"arrival of {self.participation}"

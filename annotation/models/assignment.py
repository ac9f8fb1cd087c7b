"""Slots and grants: who is asked to judge which set, and what became of it."""

from datetime import UTC, datetime
from typing import ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Annotator
from annotation.dealing.seeds import derive_seed
from annotation.models.participation import Participation
from annotation.models.parts import StudyLocale
from annotation.models.study import Phase
from candidates.models import CandidateSet, Prompt

NEVER_LEASED = datetime(1970, 1, 1, tzinfo=UTC)
RETEST = 1  # the occasion of a planned re-test


class SlotQuerySet(models.QuerySet["Slot"]):
    def open(self) -> "SlotQuerySet":
        """Wanted and not judged yet, whether or not somebody is at it."""
        return self.filter(status=Slot.Status.OPEN)

    def wanted(self, *, locale: StudyLocale | int, phase: str) -> "SlotQuerySet":
        """What a locale still lacks in a phase, whether or not somebody is at it."""
        return self.open().filter(locale=locale, phase=phase, prompt__retired_at=None)

    def claimable(self, *, locale: StudyLocale | int, phase: str, now: datetime) -> "SlotQuerySet":
        """Open slots that nobody holds now. A lapsed lease needs no housekeeping to count."""
        return self.wanted(locale=locale, phase=phase).filter(leased_until__lt=now)

    def not_met_by(self, annotator_id: int) -> "SlotQuerySet":
        """Slots whose prompt this person has never been given, in any arm or language."""
        met = Grant.objects.filter(annotator=annotator_id).order_by().values("prompt")
        return self.filter(NotAmong(F("prompt"), ArraySubquery(met)))


class NotAmong(Func):
    """Whether a column's value is in no element of an array that is computed once.

    An anti-join says the same. But where people meet most prompts of a pool, PostgreSQL expects
    nothing to be left of it, and reads and sorts all open slots (135 ms of 28,000) instead of
    walking an index to the first few (0.4 ms). Of an array it expects that most rows are left.
    """

    template = "%(expressions)s)"
    arg_joiner = " <> ALL ("
    arity = 2
    output_field = models.BooleanField()


class Slot(models.Model):
    """One planned judgement: a candidate set, a locale, and the how-manieth it is.

    The target is the number of rows, so overlap is exact by construction. `prompt`
    repeats what the set says, because claiming asks for it on every row it looks at.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        VOID = "void", _("void")

    candidate_set = models.ForeignKey(CandidateSet, models.PROTECT, related_name="slots")
    prompt = models.ForeignKey(Prompt, models.PROTECT)
    locale = models.ForeignKey(StudyLocale, models.PROTECT, related_name="slots")
    phase = models.CharField(max_length=10, choices=Phase)
    ordinal = models.PositiveSmallIntegerField(help_text="from 0; sets the order shown")
    batch = models.PositiveSmallIntegerField(
        default=0, help_text="random replicate batch of its prompt; filled one after another"
    )
    stratum = models.CharField(
        max_length=200, blank=True, help_text="whose judgement is wanted first; empty: anybody's"
    )
    due = models.PositiveSmallIntegerField(
        default=0, help_text="ten-thousandths of its set's plan before it: the less, the sooner"
    )
    draw = models.PositiveIntegerField(help_text="random: the order among those equally due")
    status = models.CharField(max_length=5, choices=Status, default=Status.OPEN)
    holder = models.ForeignKey(Participation, models.PROTECT, null=True, blank=True)
    leased_until = models.DateTimeField(default=NEVER_LEASED)
    done_at = models.DateTimeField(null=True, blank=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["locale", "phase", "batch", "due", "draw"],
                condition=Q(status="open"),
                name="open_slots_in_filling_order",
            ),
            models.Index(
                fields=["locale", "phase", "stratum", "batch", "due", "draw"],
                condition=Q(status="open"),
                name="open_slots_of_a_stratum",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["candidate_set", "locale", "phase", "ordinal"],
                name="one_slot_per_set_locale_and_ordinal",
            ),
            models.UniqueConstraint(
                fields=["candidate_set", "locale", "holder"],
                condition=Q(status="done"),
                name="distinct_people_per_set_and_locale",
            ),
            models.CheckConstraint(
                condition=Q(status="done", holder__isnull=False, done_at__isnull=False)
                | (~Q(status="done") & Q(done_at__isnull=True)),
                name="a_done_slot_says_by_whom_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt} {self.locale} {self.ordinal}"


class GrantQuerySet(models.QuerySet["Grant"]):
    def to_meet_again(self) -> "GrantQuerySet":
        """Judged, and not met again yet; oldest first. Of sets that are still served."""
        again = Grant.objects.filter(
            annotator=OuterRef("annotator"), prompt=OuterRef("prompt"), occasion=RETEST
        )
        return self.filter(
            ~Exists(again),
            occasion=0,
            disposition__in=[Grant.Disposition.COMPLETED, Grant.Disposition.SURPLUS],
            slot__locale=F("participation__locale"),
            slot__candidate_set__status=CandidateSet.Status.READY,
            prompt__retired_at=None,
        ).order_by("granted_at", "pk")


class Grant(models.Model):
    """A slot given to a person: the record that she has met the prompt, and how it ended."""

    class Disposition(models.TextChoices):
        COMPLETED = "completed", _("completed")
        SKIPPED = "skipped", _("would rather not answer")
        BROKE_OFF = "broke_off", _("broke off")
        TIMED_OUT = "timed_out", _("lease lapsed, given to somebody else")
        GENERATION_FAILED = "generation_failed", _("the next responses could not be made")
        SURPLUS = "surplus", _("judged after the place was taken")
        WITHDRAWN = "withdrawn", _("withdrawn")

    slot = models.ForeignKey(Slot, models.PROTECT, related_name="grants")
    participation = models.ForeignKey(Participation, models.PROTECT, related_name="grants")
    annotator = models.ForeignKey(Annotator, models.PROTECT)
    prompt = models.ForeignKey(Prompt, models.PROTECT)
    occasion = models.PositiveSmallIntegerField(
        default=0, help_text="0 counts; later ones are planned re-tests"
    )
    granted_at = models.DateTimeField(default=timezone.now)
    renewed_at = models.DateTimeField(null=True, blank=True)
    disposition = models.CharField(max_length=20, choices=Disposition, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # The annotator leads: this index also answers "has she met this prompt?".
            models.UniqueConstraint(
                fields=["annotator", "prompt", "occasion"],
                name="nobody_meets_a_prompt_twice",
            ),
            models.CheckConstraint(
                condition=Q(disposition="", ended_at__isnull=True)
                | (~Q(disposition="") & Q(ended_at__isnull=False)),
                name="a_disposition_comes_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slot} to {self.participation}"

    @property
    def is_retest(self) -> bool:
        return self.occasion > 0


class Deal(models.Model):
    """Why a grant was made: what was open, what was chosen, by which rule. Never changed.

    The database itself refuses to change or delete a row.
    """

    grant = models.OneToOneField(Grant, models.PROTECT)
    rule = models.PositiveSmallIntegerField(help_text="version of the dealing rule")
    seed = models.BigIntegerField()
    considered = models.JSONField(help_text="the open slots looked at, as the rule saw them")
    probability = models.FloatField(help_text="with which the rule gives this slot")

    def __str__(self) -> str:
        return f"rule {self.rule}: {self.grant_id}"


def draw_of(locale: StudyLocale, candidate_set_id: int, ordinal: int) -> int:
    """Where a slot stands among those equally due: random, and the same at every planning."""
    return derive_seed(locale.study.seed, "draw", candidate_set_id, locale.pk, ordinal) % 2**31


def deal_parts(participation: Participation, met: int) -> tuple[object, ...]:
    """What the seed of a deal is made of: hers, and how many slots she was given before."""
    return (participation.study.seed, "deal", participation.public_id, met)


def retest_parts(participation: Participation, met_again: int) -> tuple[object, ...]:
    return (participation.study.seed, "retest", participation.public_id, met_again)

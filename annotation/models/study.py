"""A study: its texts, its instruments and how it deals its work."""

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ConsentDocument, Instrument, new_public_id
from candidates.models import Budget, PromptPool, PromptText, Sampler

if TYPE_CHECKING:
    from annotation.models.plan import FrozenPlan


class Phase(models.TextChoices):
    """What a participation is for. Nothing mixes phases unasked."""

    PREVIEW = "preview", _("preview")
    REHEARSAL = "rehearsal", _("rehearsal")
    PILOT = "pilot", _("pilot")
    MAIN = "main", _("main")


class Mode(models.TextChoices):
    """What a turn asks of the person."""

    RANKING = "ranking", _("put all in order")
    BEST = "best", _("choose the best")
    BEST_WORST = "best_worst", _("choose the best and the worst")
    RATING = "rating", _("rate each")


class Place(models.TextChoices):
    """Where a further questionnaire stands, after consent."""

    START = "start", _("before the first conversation")
    BETWEEN = "between", _("between two conversations")
    CLOSING = "closing", _("after the last conversation")
    DRAWN = "drawn", _("before the first or after the last, drawn for each person")


# A migration finds this at its first place; links get their keys from it.
def new_link_key() -> str:
    return new_public_id(9)


def only_ranking() -> list[str]:
    return [Mode.RANKING.value]


class Study(models.Model):
    """One research question: its texts, its instruments and how it deals its work."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    key = models.SlugField(unique=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    title = models.CharField(max_length=200)
    summary = models.TextField()
    guidelines = models.TextField()
    own_prompt_instruction = models.TextField()
    explanation_question = models.CharField(max_length=300)

    consent_document = models.ForeignKey(ConsentDocument, models.PROTECT)
    quota_instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="+", help_text="asked before the guidelines"
    )
    closing_instrument = models.ForeignKey(
        Instrument, models.PROTECT, related_name="+", help_text="asked after the conversations"
    )
    placements = models.JSONField(
        default=list,
        blank=True,
        help_text="further questionnaires in their order: key, instrument, place, and after how "
        "many conversations",
    )
    pool = models.ForeignKey(PromptPool, models.PROTECT)
    pool_sampler = models.ForeignKey(Sampler, models.PROTECT, related_name="+")
    live_sampler = models.ForeignKey(Sampler, models.PROTECT, related_name="+")
    further_arms = models.ManyToManyField(
        Sampler, blank=True, related_name="+", help_text="pool samplers beside the first"
    )
    budget = models.ForeignKey(Budget, models.PROTECT, null=True, blank=True)

    pool_conversations = models.PositiveSmallIntegerField(help_text="per person")
    own_conversations = models.PositiveSmallIntegerField(help_text="per person")
    turn_lengths = models.JSONField(
        help_text='planned turns by weight, such as {"2": 2, "3": 1, "4": 1}'
    )
    modes = models.JSONField(
        default=only_ranking, help_text="of the first, second, … turn; the last one holds on"
    )
    partial_allowed = models.BooleanField(
        default=False, help_text="a ranking may leave responses without a place"
    )
    practice = models.JSONField(
        default=dict, blank=True, help_text="a message, answers and one question; empty: none"
    )
    expected_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="said in the invitation until people's own times are known"
    )
    daily_cap = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="conversations a day and person"
    )
    closes_on = models.DateField(null=True, blank=True, help_text="the last day of collection")
    check_duplicates = models.BooleanField(
        default=False, help_text="flags two people who came from one address; keeps a hash only"
    )
    contact = models.CharField(
        max_length=200, blank=True, help_text="who answers people, with an address"
    )
    ethics_approval = models.CharField(
        max_length=300, blank=True, help_text="board and number, as the consent page says them"
    )
    controller = models.CharField(
        max_length=300, blank=True, help_text="who answers for the data in law, with an address"
    )
    provider = models.CharField(
        max_length=300, blank=True, help_text="who runs the models that receive people's messages"
    )
    withdrawal_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="after taking part, in which a person may withdraw"
    )
    retained_until = models.DateField(
        null=True, blank=True, help_text="the last day on which personal data are kept"
    )
    flag_thresholds = models.JSONField(
        default=dict, blank=True, help_text="by name, where they differ from the usual ones"
    )
    exclusion_rules = models.TextField(blank=True, help_text="who is left out, and why")
    analysis_plan = models.TextField(blank=True)
    translation_stage = models.CharField(
        max_length=12,
        choices=PromptText.Stage,
        default=PromptText.Stage.ADJUDICATED,
        help_text="parallel sets are served once every text has come this far",
    )
    lease_minutes = models.PositiveSmallIntegerField(default=20)
    batch_size = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="prompts in one random replicate batch; empty: all in one"
    )
    core = models.JSONField(
        default=list, blank=True, help_text="keys of the prompts with the larger core target"
    )
    cell_share = models.FloatField(
        default=1.0, help_text="of a cell's places that one person may take at most"
    )
    retests = models.PositiveSmallIntegerField(
        default=0, help_text="per person: prompts met again, blind, in a new order"
    )
    soft_launch = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="people after whom a locale waits for a signature"
    )
    paused = models.JSONField(
        default=dict,
        blank=True,
        help_text='since when who takes a pause: {"FR-fr": "2026-05-04T09:30:00Z"}; "*": everybody',
    )
    rehearsal_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, help_text="the study this copy rehearses"
    )
    seed = models.BigIntegerField(help_text="every random order of the study comes from it")

    class Meta:
        verbose_name_plural = "studies"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lease_minutes__gte=15, lease_minutes__lte=30),
                name="a_lease_lasts_15_to_30_minutes",
            ),
            models.CheckConstraint(
                condition=Q(cell_share__gt=0, cell_share__lte=1),
                name="a_share_of_a_cell_is_above_0_and_at_most_1",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    @property
    def last_day(self) -> date | None:
        """Of collection. Nobody is at work once data about her may not be kept any more."""
        return min((day for day in (self.closes_on, self.retained_until) if day), default=None)

    @property
    def is_kept(self) -> bool:
        """Whether data about its people may be kept: until their day is over, in UTC."""
        return self.retained_until is None or timezone.now().date() <= self.retained_until

    @property
    def plan_hash(self) -> str:
        """Of the newest frozen plan; empty while none was frozen."""
        newest: FrozenPlan | None = self.frozen_plans.order_by("-number").first()
        return newest.hash if newest else ""

    def mode_of(self, position: int) -> str:
        """What the turn at this position (from 1) asks."""
        return str(self.modes[min(position, len(self.modes)) - 1])

    def arms(self) -> list[Sampler]:
        """Every sampler that makes pool sets: the first, then the further ones."""
        return [self.pool_sampler, *self.further_arms.order_by("pk")]

    def instrument_ids(self) -> list[int]:
        """Of every questionnaire: the screening, the closing one, then the further ones."""
        further = [item["instrument"] for item in self.placements]
        return [self.quota_instrument_id, self.closing_instrument_id, *further]

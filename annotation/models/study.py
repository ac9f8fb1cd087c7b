"""A study, where it runs, and who takes part."""

from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.core import signing
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Annotator, ConsentDocument, Instrument, Vendor, new_public_id
from candidates.models import Budget, Prompt, PromptPool, PromptText, Sampler

if TYPE_CHECKING:
    from annotation.models.plan import FrozenPlan

RETURN_LINK_SALT = "annotation.return-link"


class Phase(models.TextChoices):
    """What a participation is for. Nothing mixes phases unasked."""

    PREVIEW = "preview", _("preview")
    REHEARSAL = "rehearsal", _("rehearsal")
    PILOT = "pilot", _("pilot")
    MAIN = "main", _("main")


class ExplanationPolicy(models.TextChoices):
    OFF = "off", _("not asked")
    OPTIONAL = "optional", _("optional")
    REQUIRED = "required", _("required")


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


class Outcome(models.TextChoices):
    """How a participation ended. Each has its own completion code and exit."""

    COMPLETE = "complete", _("complete")
    SCREENED_OUT = "screened_out", _("screened out")
    QUOTA_FULL = "quota_full", _("quota full")
    QUALITY = "quality", _("quality")
    WITHDRAWN = "withdrawn", _("withdrawn")


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


class StudyLocale(models.Model):
    """A country-language pair of a study, and how many people judge each set there."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="locales")
    country = models.CharField(max_length=2, help_text="ISO 3166-1 code")
    language = models.CharField(max_length=10)
    target = models.PositiveSmallIntegerField(help_text="distinct people per candidate set")
    core_target = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="the same, for prompts of the core; empty: as the others"
    )
    planned_people = models.PositiveIntegerField(
        null=True, blank=True, help_text="planned; shares of cells are shares of them"
    )
    pay_floor = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True,
        help_text="an hour; below it the researchers are warned",
    )  # fmt: skip
    legal_basis = models.CharField(
        max_length=300,
        blank=True,
        help_text="for questions on special categories; empty: they are not asked here",
    )
    pay = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="for the whole study"
    )
    short_pay = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, blank=True, help_text="for a short exit"
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217 code")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "country", "language"], name="one_locale_per_country_and_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.country}-{self.language}"

    def target_of(self, prompt: Prompt) -> int:
        """How many people judge each set of this prompt here."""
        if self.core_target is not None and prompt.key in self.study.core:
            return self.core_target
        return self.target


class Wave(models.Model):
    """A period of collection with its own explanation policy."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    explanation_policy = models.CharField(
        max_length=10, choices=ExplanationPolicy, default=ExplanationPolicy.OPTIONAL
    )
    explanation_share = models.FloatField(
        default=1.0, help_text="of all turns, drawn at random, on which the question is asked"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "number"], name="one_wave_per_number"),
            models.CheckConstraint(
                condition=Q(explanation_share__gt=0, explanation_share__lte=1),
                name="a_share_of_turns_is_above_0_and_at_most_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} wave {self.number}"


class Quota(models.Model):
    """A demographic cell of people, and how many of them the study wants."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="quotas")
    key = models.SlugField()
    conditions = models.JSONField(
        help_text='who belongs to it, such as {"country": ["FR"], "gender": ["female"], '
        '"age": {"from": 18, "to": 34}}'
    )
    target = models.PositiveIntegerField(help_text="people")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key"], name="one_quota_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.study} {self.key}"


def new_link_key() -> str:
    return new_public_id(9)


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


class Participation(models.Model):
    """One annotator in one study. Where she stands is read off what is stored."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="participations")
    annotator = models.ForeignKey(Annotator, models.PROTECT, related_name="participations")
    wave = models.ForeignKey(Wave, models.PROTECT)
    phase = models.CharField(max_length=10, choices=Phase)
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    country = models.CharField(max_length=2, blank=True, help_text="as she says")
    locale = models.ForeignKey(StudyLocale, models.PROTECT, null=True, blank=True)
    interface_language = models.CharField(max_length=10, blank=True)
    seed = models.BigIntegerField(help_text="her dealing and her live orders come from it")
    start_key = models.UUIDField(
        null=True, blank=True, unique=True, help_text="of the invitation page she pressed Start on"
    )

    started_at = models.DateTimeField(default=timezone.now)
    screened_at = models.DateTimeField(
        null=True, blank=True, help_text="when a place was found open for her"
    )
    stratum = models.CharField(
        max_length=200, blank=True, help_text="keys of the cells she fits; found at the door"
    )
    most_places = models.PositiveIntegerField(
        null=True, blank=True, help_text="that she may take of her cell; empty: any number"
    )
    placements = models.JSONField(
        default=dict,
        blank=True,
        help_text="where each further questionnaire stands for her, by its key; set at consent",
    )
    guidelines_read_at = models.DateTimeField(null=True, blank=True)
    practised_at = models.DateTimeField(null=True, blank=True)
    comprehension_tries = models.PositiveSmallIntegerField(default=0)
    comprehension_passed = models.BooleanField(null=True, blank=True)
    pool_exhausted_at = models.DateTimeField(
        null=True, blank=True, help_text="when nothing was left for her in the pool"
    )
    declined_at = models.DateTimeField(null=True, blank=True, help_text="did not consent")
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    completion_code = models.CharField(max_length=64, blank=True)
    link = models.ForeignKey(
        RecruitmentLink, models.PROTECT, null=True, blank=True, help_text="she came by"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    excluded_at = models.DateTimeField(
        null=True, blank=True, help_text="a person decided so, by the study's exclusion rules"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["annotator", "study"], name="one_participation_per_person_and_study"
            ),
            models.CheckConstraint(
                condition=Q(completion_code="", finished_at__isnull=True)
                | (~Q(completion_code="") & Q(finished_at__isnull=False)),
                name="a_completion_code_comes_with_the_finish",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", finished_at__isnull=True)
                | (~Q(outcome="") & Q(finished_at__isnull=False)),
                name="an_outcome_comes_with_the_finish",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["study", "withdrawn_at"],
                condition=Q(withdrawn_at__isnull=False),
                name="withdrawals_of_a_study",
            )
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def return_token(self) -> str:
        """The secret part of her personal link: signed, so that it is stored nowhere."""
        return signing.Signer(salt=RETURN_LINK_SALT).sign(self.public_id)

    @classmethod
    def public_id_of(cls, return_token: str) -> str:
        """The public id in a return link's token. Raises signing.BadSignature."""
        return signing.Signer(salt=RETURN_LINK_SALT).unsign(return_token)


class ScreeningCount(models.Model):
    """How many people left at screening. Their answers are gone; only this count is kept."""

    study = models.ForeignKey(Study, models.CASCADE)
    locale = models.ForeignKey(StudyLocale, models.CASCADE, null=True, blank=True)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.MAIN)
    outcome = models.CharField(max_length=12, choices=Outcome)
    cell = models.CharField(max_length=200, blank=True, help_text="keys of the quotas she fits")
    people = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "locale", "phase", "outcome", "cell"],
                nulls_distinct=False,
                name="one_count_per_locale_phase_outcome_and_cell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.cell}: {self.people}"

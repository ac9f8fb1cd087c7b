"""WHAT: prompts, and the sets of responses that are compared."""

import secrets
from typing import Any, ClassVar

from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


def new_handle() -> str:
    """Returns a random name for a candidate: the only name that leaves the server."""
    return secrets.token_hex(8)


class PromptPool(models.Model):
    """The prepared prompts of a study."""

    key = models.SlugField(unique=True)

    def __str__(self) -> str:
        return self.key


class PromptQuerySet(models.QuerySet["Prompt"]):
    def in_use(self) -> "PromptQuerySet":
        return self.filter(retired_at=None)


class Prompt(models.Model):
    """One identity of a prompt across all its languages."""

    pool = models.ForeignKey(PromptPool, models.PROTECT, related_name="prompts")
    key = models.SlugField()
    topics = models.JSONField(default=list, blank=True, help_text="codes of its topics")
    retired_at = models.DateTimeField(
        null=True, blank=True, help_text="from then on nobody new is given it"
    )
    retired_why = models.CharField(max_length=300, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True)

    objects = PromptQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pool", "key"], name="one_prompt_per_key_in_a_pool")
        ]

    def __str__(self) -> str:
        return self.key


class PromptText(models.Model):
    """A prompt in one language. A changed text is a new version; old judgements keep theirs."""

    class Stage(models.TextChoices):
        """How far the text has come (TRAPD: Harkness, 2003)."""

        UNREVIEWED = "unreviewed", _("not reviewed")
        REVIEWED = "reviewed", _("reviewed by a second person")
        ADJUDICATED = "adjudicated", _("adjudicated")

    prompt = models.ForeignKey(Prompt, models.PROTECT, related_name="texts")
    language = models.CharField(max_length=10)
    version = models.PositiveIntegerField(default=1)
    text = models.TextField()
    translated_from = models.ForeignKey("self", models.PROTECT, null=True, blank=True)
    stage = models.CharField(max_length=12, choices=Stage, default=Stage.UNREVIEWED)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["prompt", "language", "version"],
                name="one_prompt_text_per_language_and_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.prompt} {self.language} v{self.version}"


class StructuredOutput(models.TextChoices):
    """How a server can be made to answer in a fixed form, from the best down."""

    UNKNOWN = "unknown", _("not asked yet")
    JSON_SCHEMA = "json_schema", _("honours a JSON schema")
    JSON_OBJECT = "json_object", _("answers JSON, form by instruction")
    TOOL = "tool", _("calls a forced tool")
    DELIMITERS = "delimiters", _("prose only: parts are marked by ###")


class ModelEndpoint(models.Model):
    """Where responses come from: any server that speaks OpenAI's protocol."""

    key = models.SlugField(unique=True)
    base_url = models.CharField(
        max_length=200,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
        help_text="empty: the environment variable OPENAI_BASE_URL says it",
    )
    model = models.CharField(
        max_length=200,
        blank=True,
        help_text="empty: OPENAI_MODEL says it, else the first model that the endpoint lists",
    )
    api_key_variable = models.CharField(
        max_length=100,
        default="OPENAI_API_KEY",
        help_text="the NAME of the environment variable that holds the key",
    )
    parameters = models.JSONField(default=dict, blank=True)
    timeout_seconds = models.PositiveIntegerField(default=60)
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="empty: no limit"
    )
    tokens_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="prompt and answer together; empty: no limit"
    )
    concurrency = models.PositiveSmallIntegerField(
        default=64, help_text="calls in flight at once, over all workers"
    )
    price_prompt = models.DecimalField(
        max_digits=12, decimal_places=6, default=0, help_text="per million tokens sent"
    )
    price_completion = models.DecimalField(
        max_digits=12, decimal_places=6, default=0, help_text="per million tokens answered"
    )
    embedding_model = models.CharField(
        max_length=200, blank=True, help_text="empty: it gives no embeddings"
    )
    moderation_model = models.CharField(
        max_length=200, blank=True, help_text="empty: it does not moderate"
    )
    structured_output = models.CharField(
        max_length=12,
        choices=StructuredOutput,
        default=StructuredOutput.UNKNOWN,
        help_text="found out by asking, from the best form down",
    )
    faults_in_a_row = models.PositiveSmallIntegerField(default=0)
    rests_until = models.DateTimeField(
        null=True, blank=True, help_text="after many faults in a row nobody calls it until then"
    )

    def __str__(self) -> str:
        return self.key


class Budget(models.Model):
    """Money that generation may spend. What was spent is summed up from the calls."""

    key = models.SlugField(unique=True)
    limit = models.DecimalField(max_digits=12, decimal_places=4)
    daily_limit = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)

    def __str__(self) -> str:
        return self.key


class Sampler(models.Model):
    """One version of a way to make a candidate set. A change is a new version."""

    class Strategy(models.TextChoices):
        NC = "nc", _("negatively correlated, one generation")
        NC_DEFAULT = "nc_default", _("negatively correlated, and one default response")
        TEMPERATURE = "temperature", _("independent draws from one model")
        MULTI_MODEL = "multi_model", _("one draw from each of several models")
        STEERED = "steered", _("one draw for each named value pole")

    key = models.SlugField()
    version = models.PositiveIntegerField()
    strategy = models.CharField(max_length=20, choices=Strategy)
    n = models.PositiveSmallIntegerField()
    endpoint = models.ForeignKey(ModelEndpoint, models.PROTECT)
    instructions = models.JSONField(help_text="per language: what asks for diverse responses")
    format_instructions = models.JSONField(
        help_text="per language: length and form, the same for every candidate"
    )
    parameters = models.JSONField(default=dict, blank=True)
    words_min = models.PositiveIntegerField()
    words_max = models.PositiveIntegerField()
    max_attempts = models.PositiveSmallIntegerField(default=3)
    oversample = models.PositiveSmallIntegerField(
        default=0, help_text="m > n: draw m and keep the n that differ most; 0: draw n"
    )
    further_endpoints = models.ManyToManyField(
        ModelEndpoint, blank=True, related_name="+", help_text="of a multi-model sampler"
    )
    poles = models.JSONField(
        default=dict, blank=True, help_text="steered: for each pole its instruction per language"
    )
    anchor = models.BooleanField(
        default=False, help_text="the default response is shared by all arms of a prompt"
    )
    thresholds = models.JSONField(
        default=dict,
        blank=True,
        help_text="per language and measure: the highest mean similarity that is shown",
    )
    tolerated_languages = models.JSONField(
        default=dict, blank=True, help_text="per language: others that are accepted too"
    )
    control_share = models.FloatField(
        default=0.1, help_text="of sets that skip the diversity threshold, as control"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="one_sampler_per_version"),
            models.CheckConstraint(condition=Q(n__gte=2), name="a_set_has_two_candidates_or_more"),
            models.CheckConstraint(
                condition=Q(words_min__lte=F("words_max")), name="the_word_budget_is_a_range"
            ),
            models.CheckConstraint(
                condition=Q(oversample=0) | Q(oversample__gt=F("n")),
                name="oversampling_draws_more_than_it_keeps",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class CandidateSetQuerySet(models.QuerySet["CandidateSet"]):
    def ready(self) -> "CandidateSetQuerySet":
        return self.filter(status=CandidateSet.Status.READY)

    def due(self) -> "CandidateSetQuerySet":
        """Sets to be generated whose worker, if they ever had one, is gone."""
        return self.filter(status=CandidateSet.Status.PENDING, leased_until__lt=timezone.now())


class CandidateSet(models.Model):
    """Responses made to be compared. Frozen once ready; only a ready set is ever shown.

    A set that a study waits for stays one row through every attempt. An attempt that
    fails the checks becomes a row of its own (status refused, `refused_for` the set it
    was made for) with its generations and reasons, and never has candidates.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting to be generated")
        READY = "ready", _("ready")
        REFUSED = "refused", _("attempt refused")
        FAILED = "failed", _("failed: no attempt succeeded")
        QUARANTINED = "quarantined", _("valid, but not diverse enough")

    prompt_text = models.ForeignKey(
        PromptText, models.PROTECT, null=True, blank=True, help_text="empty: a live set"
    )
    sampler = models.ForeignKey(Sampler, models.PROTECT)
    replicate = models.PositiveSmallIntegerField(default=0)
    language = models.CharField(max_length=10)
    context = models.JSONField(help_text="the messages to answer, oldest first (chosen path)")
    context_hash = models.CharField(max_length=64, help_text="SHA-256: evidence, not identity")
    seed = models.BigIntegerField()
    urgent = models.BooleanField(default=False, help_text="a person is waiting for it")

    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="refused so far")
    rounds = models.PositiveSmallIntegerField(
        default=1, help_text="each renewed start allows the sampler's attempts once more"
    )
    leased_until = models.DateTimeField(default=timezone.now)
    refused_for = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="refused_attempts"
    )
    reasons = models.JSONField(default=list, blank=True, help_text="why it was refused")
    measures = models.JSONField(
        default=dict, blank=True, help_text="diversity, length and form; see candidates/diversity"
    )
    control = models.BooleanField(default=False, help_text="drawn to skip the diversity threshold")
    budget = models.ForeignKey(Budget, models.PROTECT, null=True, blank=True)
    parallel_to = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="parallels",
        help_text="of a parallel set: the native set whose candidates it translates",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    objects = CandidateSetQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["leased_until"],
                condition=Q(status="pending"),
                name="pending_sets_by_lease",
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["prompt_text", "sampler", "replicate"],
                condition=Q(
                    refused_for__isnull=True, prompt_text__isnull=False, parallel_to__isnull=True
                ),
                name="one_pool_set_per_text_sampler_and_replicate",
            ),
            models.UniqueConstraint(
                fields=["prompt_text", "parallel_to"],
                condition=Q(refused_for__isnull=True, parallel_to__isnull=False),
                name="one_parallel_set_per_text_and_original",
            ),
            models.CheckConstraint(
                condition=Q(status="refused", refused_for__isnull=False)
                | Q(~Q(status="refused"), refused_for__isnull=True),
                name="a_refused_attempt_names_its_set",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt_text or 'live'} · {self.sampler} · {self.status}"

    @cached_property
    def canned(self) -> bool:
        """Whether any text in it came from the demonstration provider."""
        return self.candidates.filter(generation__canned=True).exists()


class Generation(models.Model):
    """One call to an endpoint: what was asked, what came back, what it cost."""

    class Part(models.TextChoices):
        DIVERSE = "diverse", _("diverse responses, one text")
        DEFAULT = "default", _("one default response")
        DRAW = "draw", _("one independent draw")
        STEERED = "steered", _("one response for a value pole")
        TRANSLATION = "translation", _("candidates translated")

    candidate_set = models.ForeignKey(CandidateSet, models.CASCADE, related_name="generations")
    attempt = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=12, choices=Part)
    draw = models.PositiveSmallIntegerField(default=0, help_text="which of several like it")
    endpoint = models.ForeignKey(ModelEndpoint, models.PROTECT)
    request = models.JSONField(help_text="messages and parameters as sent")
    raw = models.TextField(blank=True, help_text="the answer, untouched")
    model_returned = models.CharField(max_length=200, blank=True)
    finish_reason = models.CharField(max_length=50, blank=True)
    prompt_tokens = models.PositiveIntegerField(null=True, blank=True)
    completion_tokens = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField(null=True, blank=True)
    cost = models.DecimalField(
        max_digits=12, decimal_places=8, default=0, help_text="tokens at the endpoint's prices"
    )
    canned = models.BooleanField(default=False, help_text="answered by the demo provider")
    error = models.CharField(max_length=500, blank=True)
    parse_result = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.part} of set {self.candidate_set_id}, attempt {self.attempt}"


class Candidate(models.Model):
    """One response in a set, with where it came from."""

    class Source(models.TextChoices):
        NC = "nc", _("negatively correlated")
        DEFAULT = "default", _("default")
        TEMPERATURE = "temperature", _("independent draw")
        MULTI_MODEL = "multi_model", _("one of several models")
        STEERED = "steered", _("steered to a value pole")

    candidate_set = models.ForeignKey(CandidateSet, models.CASCADE, related_name="candidates")
    position = models.PositiveSmallIntegerField(help_text="in the set, from 0; never shown")
    handle = models.CharField(max_length=16, unique=True, default=new_handle, editable=False)
    text = models.TextField()
    source = models.CharField(max_length=12, choices=Source)
    pole = models.CharField(max_length=40, blank=True, help_text="the pole it was steered to")
    generation = models.ForeignKey(Generation, models.PROTECT, related_name="candidates")
    generation_index = models.PositiveSmallIntegerField(help_text="in the raw answer, from 0")
    language = models.CharField(max_length=10)
    translated_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="translations"
    )
    stage = models.CharField(
        max_length=12,
        choices=PromptText.Stage,
        blank=True,
        help_text="of a translation: how far it was reviewed; empty: native",
    )

    class Meta:
        ordering = ("candidate_set", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["candidate_set", "position"], name="one_candidate_per_place_in_a_set"
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]

    def translated_as(
        self, made: CandidateSet, generation: Generation, text: str, stage: str
    ) -> "Candidate":
        """An unsaved candidate that translates this one: same place and source, its own handle."""
        return Candidate(
            candidate_set=made,
            position=self.position,
            text=text,
            source=self.source,
            pole=self.pole,
            generation=generation,
            generation_index=self.position,
            language=made.language,
            translated_from=self,
            stage=stage,
        )

    def provenance(self) -> dict[str, Any]:
        """Everything known about where the text came from, for staff and exports."""
        return {
            "sampler": str(self.candidate_set.sampler),
            "source": self.source,
            "model": self.generation.model_returned,
            "generation_index": self.generation_index,
            "finish_reason": self.generation.finish_reason,
            "canned": self.generation.canned,
        }


class Anchor(models.Model):
    """The default response that every arm of a prompt shares, so that arms can be compared."""

    prompt_text = models.OneToOneField(PromptText, models.PROTECT)
    generation = models.OneToOneField(Generation, models.PROTECT)
    text = models.TextField()

    def __str__(self) -> str:
        return f"anchor of {self.prompt_text}"

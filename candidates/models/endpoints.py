"""Where responses come from, and the money they may cost."""

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


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

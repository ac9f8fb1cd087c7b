"""WHO: staff, vendors, annotators, what they consented to and told about themselves."""

import secrets
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_public_id(size: int = 12) -> str:
    """Random URL-safe characters that tell nothing about anybody: 16 of `size` bytes.

    None begins with a dash: typed after a command, it would be taken for an option.
    """
    while (found := secrets.token_urlsafe(size)).startswith("-"):
        pass
    return found


class User(AbstractUser):
    """A member of the research team. Annotators are never users."""


class AccountChange(models.Model):
    """What an administrator did to the sign-in of somebody of the team, and why. Never changed."""

    class Kind(models.TextChoices):
        SECOND_FACTOR = "second_factor", _("second factor taken away")

    user = models.ForeignKey(User, models.PROTECT, related_name="account_changes")
    kind = models.CharField(max_length=20, choices=Kind)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    why = models.CharField(max_length=500)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.user}: {self.get_kind_display()}"


class Vendor(models.Model):
    """An organisation that recruits annotators; it only ever sees its own."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Annotator(models.Model):
    """A person who judges, known by a random id alone."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.public_id


class ExternalIdentity(models.Model):
    """A recruitment id. Kept apart from research data; no export reads this table."""

    annotator = models.OneToOneField(Annotator, on_delete=models.CASCADE)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT)
    external_id = models.CharField(max_length=200)
    details = models.JSONField(
        default=dict, blank=True, help_text="what else the recruitment service sent, by its names"
    )

    class Meta:
        verbose_name_plural = "external identities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["vendor", "external_id"], name="one_annotator_per_recruitment_id"
            )
        ]

    def __str__(self) -> str:
        return f"recruitment id of {self.annotator_id}"


class Purpose(models.TextChoices):
    """What a person may allow, each on its own."""

    TAKE_PART = "take_part", _("take part")
    RELEASE_CHOICES = "release_choices", _("release choices")
    RELEASE_FREE_TEXT = "release_free_text", _("release free text")
    TRAIN_MODELS = "train_models", _("train models")
    RECONTACT = "recontact", _("recontact")
    TRANSFER_ABROAD = "transfer_abroad", _("transfer abroad")


class ConsentDocument(models.Model):
    """One version of a consent text. A changed text is a new version."""

    key = models.SlugField()
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    intro = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="one_consent_text_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class ConsentStatement(models.Model):
    """The sentence by which a document asks for one purpose."""

    document = models.ForeignKey(ConsentDocument, models.CASCADE, related_name="statements")
    purpose = models.CharField(max_length=20, choices=Purpose)
    text = models.TextField()
    required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["document", "purpose"], name="one_statement_per_purpose"
            )
        ]

    def __str__(self) -> str:
        return f"{self.document}: {self.purpose}"


class Consent(models.Model):
    """What one person decided about one purpose, and in which language she read it."""

    annotator = models.ForeignKey(Annotator, models.CASCADE, related_name="consents")
    document = models.ForeignKey(ConsentDocument, models.PROTECT)
    purpose = models.CharField(max_length=20, choices=Purpose)
    given = models.BooleanField()
    language = models.CharField(max_length=10)
    decided_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["annotator", "document", "purpose"],
                name="one_decision_per_person_document_and_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} {self.purpose}: {self.given}"


class Instrument(models.Model):
    """A versioned questionnaire; demographics are one such instrument."""

    key = models.SlugField()
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="one_instrument_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class QuestionQuerySet(models.QuerySet["Question"]):
    def for_country(self, country: str) -> "QuestionQuerySet":
        """Questions asked in a country: those for all, and its own."""
        return self.filter(Q(country="") | Q(country=country))


class Question(models.Model):
    """One question. `code` is stable over versions and names the export column."""

    class Kind(models.TextChoices):
        CHOICE = "choice", _("one of several options")
        INTEGER = "integer", _("a whole number")

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="questions")
    code = models.SlugField()
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=500)
    help = models.CharField(max_length=500, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="empty: asked everywhere")
    minimum = models.IntegerField(null=True, blank=True)
    maximum = models.IntegerField(null=True, blank=True)
    special_category = models.BooleanField(
        default=False, help_text="needs a legal basis in the locale before it is asked"
    )
    expected = models.SlugField(
        blank=True, help_text="code of the option an attention question asks for"
    )
    position = models.PositiveSmallIntegerField()

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["instrument", "code", "country"],
                name="one_question_per_code_and_country",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.country}".strip()


class Option(models.Model):
    """One offered answer: the code is stored and exported, the label is only shown."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="options")
    code = models.SlugField()
    label = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["question", "code"], name="one_option_per_code")
        ]

    def __str__(self) -> str:
        return self.code


class Answer(models.Model):
    """What a person answered; why there is no answer is told apart."""

    class Status(models.TextChoices):
        ANSWERED = "answered", _("answered")
        REFUSED = "refused", _("preferred not to say")
        NOT_SHOWN = "not_shown", _("not shown")

    annotator = models.ForeignKey(Annotator, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT)
    status = models.CharField(max_length=10, choices=Status)
    option = models.ForeignKey(Option, models.PROTECT, null=True, blank=True)
    number = models.IntegerField(null=True, blank=True)
    answered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["annotator", "question"], name="one_answer_per_person_and_question"
            ),
            models.CheckConstraint(
                name="an_answer_has_a_value_and_nothing_else_has",
                condition=Q(status="answered", option__isnull=False, number__isnull=True)
                | Q(status="answered", option__isnull=True, number__isnull=False)
                | Q(~Q(status="answered"), option__isnull=True, number__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotator_id} {self.question}: {self.status}"

"""Who takes part in a study, and how many left at its door."""

from typing import ClassVar

from django.core import signing
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Annotator, new_public_id
from annotation.models.parts import StudyLocale, Wave
from annotation.models.recruitment import RecruitmentLink
from annotation.models.study import Phase, Study

RETURN_LINK_SALT = "annotation.return-link"


class Outcome(models.TextChoices):
    """How a participation ended. Each has its own completion code and exit."""

    COMPLETE = "complete", _("complete")
    SCREENED_OUT = "screened_out", _("screened out")
    QUOTA_FULL = "quota_full", _("quota full")
    QUALITY = "quality", _("quality")
    WITHDRAWN = "withdrawn", _("withdrawn")


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

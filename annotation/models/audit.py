"""What members of the team did: one line for each act, never changed, never deleted."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from annotation.models.study import Study


class AuditEntry(models.Model):
    """One act of a person of the team, or of a program with a token of hers.

    `what` names things by their public ids and nothing else: no text of anybody, no name, no
    recruitment id. The database refuses to change, delete or empty rows.
    """

    class Kind(models.TextChoices):
        """Subject and verb. The column takes any: a new kind is a line here."""

        STUDY_STORED = "study:stored", _("study stored from its file")
        STUDY_WRITTEN = "study:written", _("study written")
        STUDY_CLONED = "study:cloned", _("study cloned")
        STUDY_OPENED = "study:opened", _("study opened")
        STUDY_PAUSED = "study:paused", _("study paused")
        STUDY_RESUMED = "study:resumed", _("study goes on")
        STUDY_CLOSED = "study:closed", _("study closed")
        PREVIEWS_REMOVED = "previews:removed", _("previews removed")
        STUDY_DOWNLOADED = "study:downloaded", _("definition of a study downloaded")
        PLAN_FROZEN = "plan:frozen", _("plan frozen or amended")
        PLAN_TARGET = "plan:target", _("target changed")
        PLAN_CELLS = "plan:cells", _("cells changed")
        PROMPT_RETIRED = "prompt:retired", _("prompt retired")
        PROMPT_REPLACED = "prompt:replaced", _("prompt replaced")
        LAUNCH_SIGNED = "launch:signed", _("soft launch signed")
        LINK_MADE = "link:made", _("recruitment link made")
        OUTCOMES_UNLOCKED = "outcomes:unlocked", _("outcomes unlocked")
        FIGURE_DOWNLOADED = "figure:downloaded", _("figure downloaded")
        FLAG_JUDGED = "flag:judged", _("note judged at first, blind")
        FLAG_OPENED = "flag:opened", _("choices behind a note opened")
        FLAG_PASSED = "flag:passed", _("second opinion on a note asked for")
        FLAG_DECIDED = "flag:decided", _("note decided")
        PERSON_EXCLUDED = "person:excluded", _("person left out of the analysis")
        PERSON_READMITTED = "person:readmitted", _("person taken back into the analysis")
        PERSON_ERASED = "person:erased", _("person erased")
        HELP_ANSWERED = "help:answered", _("help thread answered")
        EXPORT_ASKED = "export:asked", _("export asked for")
        RELEASE_ASKED = "release:asked", _("release asked for")
        FILE_DOWNLOADED = "file:downloaded", _("file downloaded")
        TOKEN_CREATED = "token:created", _("token created")
        TOKEN_REVOKED = "token:revoked", _("token revoked")
        WEBHOOK_CREATED = "webhook:created", _("webhook created")
        WEBHOOK_DISABLED = "webhook:disabled", _("webhook disabled")
        DELIVERY_REPEATED = "delivery:repeated", _("messages sent again")
        PEOPLE_INVITED = "people:invited", _("people invited")
        FINDINGS_DECIDED = "findings:decided", _("personal data in texts decided")
        DATASET_IMPORTED = "dataset:imported", _("dataset imported")
        SIGNED_IN = "sign-in:done", _("signed in")
        SIGN_IN_REFUSED = "sign-in:refused", _("sign-in refused")
        SIGNED_OUT = "sign-in:ended", _("signed out")
        SESSION_ENDED = "session:ended", _("session ended")
        FACTOR_ADDED = "factor:added", _("second factor added")
        FACTOR_REMOVED = "factor:removed", _("second factor removed")
        PASSWORD_CHANGED = "password:changed", _("password changed")
        PASSWORD_RESET = "password:reset", _("new password set by mail")
        ACCOUNT_MADE = "account:made", _("account made")
        ACCOUNT_REMOVED = "account:removed", _("account deleted")
        ACCOUNT_CHANGED = "account:changed", _("what an account may everywhere changed")
        ROLE_GIVEN = "role:given", _("role given")
        ROLE_TAKEN = "role:taken", _("role taken away")
        TOPICS_CHANGED = "topics:changed", _("topics of prompts changed")
        THEMES_DRAWN = "themes:drawn", _("explanations drawn for coding")
        THEMES_CODED = "themes:coded", _("codes of explanations stored")
        AUDIT_DOWNLOADED = "audit:downloaded", _("audit downloaded")

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        help_text="empty: a command without a name, or a program; `what` says which",
    )
    study = models.ForeignKey(
        Study, models.PROTECT, null=True, blank=True, related_name="audit_entries"
    )
    kind = models.CharField(max_length=30)
    what = models.CharField(max_length=500, help_text="public ids and figures only")
    why = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        indexes: ClassVar = [
            models.Index(fields=["study", "-at", "-id"], name="audit_of_a_study_by_time"),
            models.Index(fields=["-at", "-id"], name="audit_by_time"),
            GinIndex(SearchVector("what", "why", config="simple"), name="audit_by_words"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"

    @property
    def words(self) -> str | Promise:
        """Its kind in words; a kind of another version as it is stored."""
        return dict(self.Kind.choices).get(self.kind, self.kind)

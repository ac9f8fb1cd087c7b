"""What people tell the study besides their judgements: problems and questions."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import new_public_id
from annotation.models.conversation import Turn
from annotation.models.participation import Participation
from annotation.models.study import Study
from candidates.models import Candidate


class ProblemReport(models.Model):
    """A problem with a prompt or a response, told from inside the task."""

    class Kind(models.TextChoices):
        OFFENSIVE = "offensive", _("offensive or harmful")
        WRONG_LANGUAGE = "wrong_language", _("not in my language")
        BROKEN = "broken", _("cut off, empty or unreadable")
        PERSONAL = "personal", _("names or shows a private person")
        OTHER = "other", _("something else")

    participation = models.ForeignKey(Participation, models.PROTECT, related_name="reports")
    turn = models.ForeignKey(Turn, models.PROTECT, related_name="reports")
    candidate = models.ForeignKey(
        Candidate, models.PROTECT, null=True, blank=True, help_text="empty: the message"
    )
    kind = models.CharField(max_length=14, choices=Kind)
    text = models.TextField(blank=True)
    reported_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} in {self.turn}"


class HelpThreadQuerySet(models.QuerySet["HelpThread"]):
    def with_unread_answer(self) -> "HelpThreadQuerySet":
        """Threads with an answer of the study that came after the person last looked."""
        answers = HelpMessage.objects.filter(
            thread=OuterRef("pk"), author__isnull=False, sent_at__gt=OuterRef("looked_at")
        )
        looked = self.annotate(looked_at=Coalesce("seen_at", "opened_at"))
        return looked.filter(Exists(answers))

    def waiting(self) -> "HelpThreadQuerySet":
        """Threads whose last word is the person's own."""
        last = HelpMessage.objects.filter(thread=OuterRef("pk")).order_by("-sent_at", "-pk")
        return self.annotate(last_author=Subquery(last.values("author")[:1])).filter(
            last_author=None
        )

    def in_order_of_need(self, study: Study) -> "HelpThreadQuerySet":
        """A study's threads with `last_author`, `last_at`: those whose last word is the person's
        own first, the longest wait first; then the others, the latest first."""
        last = HelpMessage.objects.filter(thread=OuterRef("pk")).order_by("-sent_at", "-pk")
        found = self.filter(study=study).annotate(
            last_author=Subquery(last.values("author")[:1]),
            last_at=Subquery(last.values("sent_at")[:1]),
        )
        waits = Case(When(last_author=None, then="last_at"))
        return found.order_by(waits.asc(nulls_last=True), F("last_at").desc())


class HelpThread(models.Model):
    """A person's questions and the study's answers, under a number that names nobody."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    study = models.ForeignKey(Study, models.PROTECT)
    participation = models.OneToOneField(
        Participation,
        models.CASCADE,
        null=True,
        blank=True,
        help_text="never shown to staff; empty: somebody who has not joined",
    )
    language = models.CharField(max_length=10, help_text="of the pages she reads")
    opened_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True, help_text="when she last read it")

    objects = HelpThreadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.public_id


class HelpMessage(models.Model):
    """One message of a thread; without an author it is the person's own."""

    # A message must say something; this stands in every language for what was there.
    ERASED = "[…]"

    thread = models.ForeignKey(HelpThread, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    text = models.TextField()
    page = models.CharField(max_length=200, blank=True, help_text="where she was")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("sent_at", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(text=""), name="a_help_message_says_something")
        ]

    def __str__(self) -> str:
        return f"{self.thread} {self.sent_at:%Y-%m-%d %H:%M}"

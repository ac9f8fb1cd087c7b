"""A conversation, its turns, and the judgement of each."""

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Purpose, new_public_id
from annotation.models.assignment import Grant
from annotation.models.participation import Participation
from annotation.models.parts import StudyLocale
from annotation.models.study import Mode
from candidates.models import Candidate, CandidateSet, Sampler


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def released(self) -> "ConversationQuerySet":
        """What may leave: nothing of people who withdrew or whom a person left out.

        Every export starts here, and every figure over judgements, unless a reader asks to
        see it with those who were left out.
        """
        return self.not_withdrawn().filter(participation__excluded_at=None)

    def not_withdrawn(self) -> "ConversationQuerySet":
        """Nothing of people who withdrew, from the study or from its consent."""
        taken_back = Consent.objects.filter(
            annotator=OuterRef("participation__annotator"),
            document=OuterRef("participation__study__consent_document"),
            purpose=Purpose.TAKE_PART,
            withdrawn_at__isnull=False,
        )
        return self.filter(~Exists(taken_back), participation__withdrawn_at=None)

    def without_retests(self) -> "ConversationQuerySet":
        """No conversation about a set that the person had judged before."""
        return self.filter(Q(grant=None) | Q(grant__occasion=0))


class Conversation(models.Model):
    """One conversation of planned length, opened by a pool prompt or by the annotator."""

    class Kind(models.TextChoices):
        POOL = "pool", _("pool prompt")
        OWN = "own", _("own prompt")

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        FINISHED = "finished", _("finished")
        SKIPPED = "skipped", _("would rather not answer")
        FAILED = "failed", _("left after a failure of ours")
        HELPED = "helped", _("ended with a help line")
        WITHDRAWN = "withdrawn", _("withdrawn")

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    participation = models.ForeignKey(Participation, models.PROTECT, related_name="conversations")
    ordinal = models.PositiveSmallIntegerField(help_text="place in her plan, from 0")
    kind = models.CharField(max_length=5, choices=Kind)
    locale = models.ForeignKey(StudyLocale, models.PROTECT)
    planned_turns = models.PositiveSmallIntegerField()
    grant = models.OneToOneField(Grant, models.PROTECT, null=True, blank=True)
    sampler = models.ForeignKey(Sampler, models.PROTECT, help_text="of its live sets")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    sitting = models.PositiveSmallIntegerField(
        default=1, help_text="of this person, from 1; a pause of an hour begins another"
    )
    skip_reason = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ("participation", "ordinal")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participation", "ordinal"], name="one_conversation_per_place_in_a_plan"
            ),
            models.UniqueConstraint(
                fields=["participation"],
                condition=Q(status="open"),
                name="one_open_conversation_per_person",
            ),
            models.CheckConstraint(
                condition=Q(kind="pool", grant__isnull=False) | Q(kind="own", grant__isnull=True),
                name="a_pool_conversation_has_a_grant",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN


class Turn(models.Model):
    """One message, and the set of candidates that answer it."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField(help_text="from 1")
    message = models.TextField()
    candidate_set = models.ForeignKey(CandidateSet, models.PROTECT, related_name="turns")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.RANKING)
    detected_language = models.CharField(
        max_length=10, blank=True, help_text="of a message she wrote; empty: not told"
    )
    script = models.CharField(max_length=10, blank=True, help_text="ISO 15924: Latn, Deva, …")
    pasted = models.PositiveIntegerField(
        null=True, blank=True, help_text="characters pasted into it; empty: not measured"
    )
    live = models.BooleanField(help_text="its set was made for this turn alone")
    started_at = models.DateTimeField(default=timezone.now)
    shown_at = models.DateTimeField(null=True, blank=True, help_text="candidates first on a page")

    class Meta:
        ordering = ("conversation", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "position"], name="one_turn_per_position"
            ),
            models.UniqueConstraint(
                fields=["candidate_set"],
                condition=Q(live=True),
                name="a_live_set_belongs_to_one_turn",
            ),
        ]

    def __str__(self) -> str:
        return f"turn {self.position} of {self.conversation_id}"

    @property
    def is_last(self) -> bool:
        return self.position >= self.conversation.planned_turns

    def waited(self) -> float | None:
        """Seconds she had nothing to do but wait for these candidates; None before they came.

        Waiting begins when her last act before them was done (the message, or the
        explanation of the turn before) and ends when the set was ready. Judging time
        begins at `shown_at`.
        """
        ready = self.candidate_set.ready_at
        if ready is None:
            return None
        free = self.started_at
        before = Explanation.objects.filter(
            turn__conversation=self.conversation_id, turn__position=self.position - 1
        ).first()
        if before:
            free = max(free, before.written_at)
        return max(0.0, (ready - free).total_seconds())


class ShownCandidate(models.Model):
    """Which candidate stood under which letter. Written once, before the first look."""

    LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="shown")
    candidate = models.ForeignKey(Candidate, models.PROTECT)
    position = models.PositiveSmallIntegerField(help_text="on the page, from 0; 0 is letter A")

    class Meta:
        ordering = ("position",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["turn", "position"], name="one_candidate_per_place_on_a_page"
            ),
            models.UniqueConstraint(
                fields=["turn", "candidate"], name="a_candidate_is_shown_once_in_a_turn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter} in turn {self.turn_id}"

    @property
    def letter(self) -> str:
        return self.LETTERS[self.position]


class Moderation(models.Model):
    """What a checker said of a message. The message is not kept here, only its hash."""

    class Outcome(models.TextChoices):
        OK = "ok", _("accepted")
        EDIT = "edit", _("asked to look at it again")
        REFUSE = "refuse", _("refused")
        HELP = "help", _("help line shown")

    class Source(models.TextChoices):
        ENDPOINT = "endpoint", _("an endpoint's moderation")
        RULES = "rules", _("local rules")
        NOT_CHECKED = "not checked", _("not checked")

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="moderations")
    turn = models.ForeignKey(
        Turn,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="moderations",
        help_text="that the message became; empty: it was not sent",
    )
    text_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=6, choices=Outcome)
    categories = models.JSONField(default=list, blank=True)
    source = models.CharField(max_length=11, choices=Source)
    checked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("conversation", "pk")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(turn=None) | Q(outcome__in=("ok", "edit")),
                name="a_refused_message_is_no_turn",
            )
        ]

    def __str__(self) -> str:
        return f"{self.outcome} in conversation {self.conversation_id}"


class Opinion(models.TextChoices):
    """The answer to a question asked about the whole set."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    CANT_SAY = "cant_say", _("Can't say")


class Layout(models.TextChoices):
    """How the responses stood on the page."""

    STACKED = "stacked", _("one below the other")
    PAIRS = "pairs", _("two side by side")
    ROW = "row", _("all side by side")


class Viewport(models.TextChoices):
    """Width of the window in CSS pixels."""

    PHONE = "phone", _("below 600")
    TABLET = "tablet", _("600 to 1023")
    DESKTOP = "desktop", _("1024 and more")


class Ranking(models.Model):
    """The judgement of one turn. Never changed once stored."""

    turn = models.OneToOneField(Turn, models.PROTECT)
    submission_key = models.UUIDField(unique=True)
    chosen = models.ForeignKey(
        Candidate, models.PROTECT, help_text="continues the conversation; ranked first"
    )
    acceptable = models.CharField(max_length=10, choices=Opinion)
    represents = models.CharField(max_length=10, choices=Opinion)
    reason = models.CharField(max_length=1000, blank=True)
    layout = models.CharField(
        max_length=10, choices=Layout, blank=True, help_text="empty: not measured"
    )
    viewport = models.CharField(
        max_length=10, choices=Viewport, blank=True, help_text="empty: not measured"
    )
    submitted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"ranking of {self.turn}"


class RankedCandidate(models.Model):
    """A candidate's rank: 1 is best, equal ranks are ties (1, 2, 2, 4), null left unranked.

    The turn's mode says what null means: in `best` and `best_worst` it was not asked.
    In `rating`, `score` is 0 to 100 (null: the control was never touched), and the ranks
    follow from the scores.
    """

    ranking = models.ForeignKey(Ranking, models.CASCADE, related_name="rows")
    candidate = models.ForeignKey(Candidate, models.PROTECT)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    score = models.PositiveSmallIntegerField(null=True, blank=True)
    visible_seconds = models.FloatField(
        null=True, blank=True, help_text="in view before the ranking; empty: not measured"
    )

    class Meta:
        ordering = ("ranking", "rank")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ranking", "candidate"], name="one_rank_per_candidate_in_a_ranking"
            ),
            models.CheckConstraint(
                condition=Q(rank__isnull=True) | Q(rank__gte=1), name="ranks_start_at_one"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__lte=100),
                name="scores_go_from_0_to_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id}: {self.rank}"


class Explanation(models.Model):
    """Why she chose so, in her words. An empty text: she was asked and left it empty."""

    turn = models.OneToOneField(Turn, models.PROTECT)
    text = models.TextField(blank=True)
    detected_language = models.CharField(max_length=10, blank=True)
    script = models.CharField(max_length=10, blank=True, help_text="ISO 15924: Latn, Deva, …")
    pasted = models.PositiveIntegerField(
        null=True, blank=True, help_text="characters pasted into it; empty: not measured"
    )
    written_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text[:60]


class Mention(models.Model):
    """A letter in an explanation, and the candidate that stood under it."""

    explanation = models.ForeignKey(Explanation, models.CASCADE, related_name="mentions")
    candidate = models.ForeignKey(Candidate, models.PROTECT)
    start = models.PositiveIntegerField(help_text="of the letter in the text, from 0")

    class Meta:
        ordering = ("explanation", "start")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["explanation", "start"], name="one_mention_per_place_in_a_text"
            )
        ]

    def __str__(self) -> str:
        return f"{self.candidate_id} at {self.start}"


class Draft(models.Model):
    """What a person has entered and not sent yet, by the address it will be sent to.

    It is gone when the form is sent, withdrawn or left. No export reads it.
    """

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=200, help_text="path of the form's action")
    fields = models.JSONField(help_text="values by field name")
    revision = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participation", "key"], name="one_draft_per_person_and_form"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} r{self.revision}"

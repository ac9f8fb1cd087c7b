"""What waits for a reviewer in a study, how often whom a note strikes, and changes of mind."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from accounts.models import User
from annotation.models import Flag, FlagJudgement, Participation, Phase, Study

Stage = FlagJudgement.Stage


@dataclass(frozen=True)
class Wanted:
    """Which notes of a study; empty: any. The phase is the researchers' own choice: without
    one, rehearsals and previews stay out, unless the study is a rehearsal itself."""

    state: str = "waiting"
    kind: str = ""
    locale: int | None = None
    phase: str = ""
    answered: bool = False


def notes_of(study: Study, wanted: Wanted) -> QuerySet[Flag]:
    """The notes, those that wait first, the oldest first."""
    found = Flag.objects.filter(participation__study=study)
    if wanted.phase:
        found = found.filter(participation__phase=wanted.phase)
    elif study.rehearsal_of_id is None:
        found = found.exclude(participation__phase__in=[Phase.REHEARSAL, Phase.PREVIEW])
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.locale:
        found = found.filter(participation__locale=wanted.locale)
    if wanted.answered:
        found = found.exclude(answered_at=None, objected_at=None)
    waits = Exists(Flag.objects.waiting().filter(pk=OuterRef("pk")))
    if wanted.state == "waiting":
        found = found.filter(waits)
    elif wanted.state == "decided":
        found = found.filter(~waits).exclude(decision="")
    since = Coalesce("objected_at", "raised_at")
    return found.select_related("participation__locale", "decided_by").order_by(
        waits.desc(), since, "pk"
    )


def next_for(reviewer: User, study: Study, *, besides: int | None = None) -> Flag | None:
    """The oldest note that waits for somebody like her; None: there is none."""
    waiting = Flag.objects.waiting().filter(participation__study=study).exclude(asked_by=reviewer)
    if study.rehearsal_of_id is None:
        waiting = waiting.exclude(participation__phase__in=[Phase.REHEARSAL, Phase.PREVIEW])
    since = Coalesce("objected_at", "raised_at")
    others = waiting if besides is None else waiting.exclude(pk=besides)
    return others.order_by(since, "pk").first()


def to_judge_blind(flag: Flag, reviewer: User) -> Flag | None:
    """A note on the same person that waits, and that this reviewer has not judged at first:
    this one before others; None: she may see the person's choices."""
    hers = FlagJudgement.objects.filter(flag=OuterRef("pk"), stage=Stage.FIRST, by=reviewer)
    waiting = Flag.objects.waiting().filter(~Exists(hers), participation=flag.participation_id)
    return waiting.order_by(Case(When(pk=flag.pk, then=0), default=1), "pk").first()


def language_of(flag: Flag) -> str:
    """The name of the language she works in; a dash before she chose one."""
    locale = flag.participation.locale
    return dict(settings.LANGUAGES)[locale.language] if locale else "–"


@dataclass(frozen=True)
class Rate:
    """How many people of a locale and phase have a note, and were left out."""

    locale: str
    people: int
    noted: int
    left_out: int

    @property
    def share_noted(self) -> int:
        return round(100 * self.noted / self.people) if self.people else 0

    @property
    def share_left_out(self) -> int:
        return round(100 * self.left_out / self.people) if self.people else 0


def rates(study: Study) -> list[Rate]:
    """For each locale and phase: a check that strikes one country more often shows here."""
    raised = Q(flags__state=Flag.State.RAISED)
    left_out = Q(excluded_at__isnull=False)
    place = ("locale__country", "locale__language", "phase")
    counts = (
        Participation.objects.filter(study=study)
        .exclude(locale=None)
        .values_list(*place)
        .annotate(
            people=Count("pk", distinct=True),
            noted=Count("pk", distinct=True, filter=raised),
            left_out=Count("pk", distinct=True, filter=left_out),
        )
        .order_by(*place)
    )
    return [
        Rate(f"{country}-{language}, {Phase(phase).label}", people, noted, excluded)
        for country, language, phase, people, noted, excluded in counts
    ]


@dataclass(frozen=True)
class ChangeOfMind:
    """Of the notes whose decider judged so at first, blind: how many she decided how."""

    first: str
    kept: int
    excluded: int


def changes_of_mind(study: Study) -> list[ChangeOfMind]:
    """First judgements beside the decisions of the same reviewers, with her choices in view."""
    final = FlagJudgement.objects.filter(
        flag=OuterRef("flag"), by=OuterRef("by"), stage=Stage.FINAL
    ).values("verdict")
    pairs = (
        FlagJudgement.objects.filter(stage=Stage.FIRST, flag__participation__study=study)
        .annotate(decided=Subquery(final))
        .exclude(decided=None)
        .order_by()
        .values_list("verdict", "decided")
        .annotate(times=Count("pk"))
    )
    counts = {(first, decided): times for first, decided, times in pairs}
    return [
        ChangeOfMind(
            str(verdict.label),
            counts.get((verdict, Flag.Decision.KEPT), 0),
            counts.get((verdict, Flag.Decision.EXCLUDED), 0),
        )
        for verdict in FlagJudgement.Verdict
    ]

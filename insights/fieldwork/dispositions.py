"""How grants ended, and where people stopped: reads for the pages and for `manage.py pace`.

Unit of the first table: grants (a set given to a person). Own conversations and later turns
have no grant, so the second table counts conversations that somebody left open for a day.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from annotation.break_offs import AWAY
from annotation.models import Conversation, Grant, Participation, Study, StudyLocale, Turn
from annotation.steps.conversation import TurnStep
from candidates.models import CandidateSet

IN_HAND = ""
STEPS: dict[str, Promise] = {
    TurnStep.WRITE_PROMPT.value: _("writing the first message"),
    TurnStep.WAIT.value: _("waiting for responses"),
    TurnStep.FAILED.value: _("after a failure of ours"),
    TurnStep.RANK.value: _("judging"),
    TurnStep.EXPLAIN.value: _("explaining"),
    TurnStep.ENDED.value: _("at the end"),
}


@dataclass(frozen=True)
class DispositionTable:
    """Columns are dispositions; "in hand" are grants that have not ended."""

    columns: list[tuple[str, Promise | str]]
    rows: list[tuple[StudyLocale, list[int], int]]

    @property
    def totals(self) -> list[int]:
        return [sum(row[index] for _l, row, _n in self.rows) for index in range(len(self.columns))]

    @property
    def total(self) -> int:
        return sum(n for _locale, _row, n in self.rows)


def dispositions(study: Study, phase: str) -> DispositionTable:
    """Grants of one phase by locale and how they ended; re-tests are no grants of a place."""
    columns: list[tuple[str, Promise | str]] = [
        *((item.value, item.label) for item in Grant.Disposition),
        (IN_HAND, _("not ended yet")),
    ]
    counts: Counter[tuple[int, str]] = Counter()
    found = (
        Grant.objects.filter(participation__study=study, participation__phase=phase, occasion=0)
        .values_list("slot__locale", "disposition")
        .annotate(Count("pk"))
    )
    for locale, disposition, n in found:
        counts[locale, disposition] += n
    rows = []
    for place in study.locales.order_by("country", "language"):
        row = [counts[place.pk, code] for code, _label in columns]
        rows.append((place, row, sum(row)))
    return DispositionTable(columns, rows)


@dataclass(frozen=True)
class Stop:
    """So many stopped here: the locale, what it was, the turn and the step."""

    locale: str
    kind: str
    turn: int
    step: Promise | str
    people: int


def broke_off(study: Study, phase: str) -> list[Stop]:
    """Grants noted as broken off, by the step the person stood at. All are of turn 1."""
    found = Grant.objects.filter(
        participation__study=study,
        participation__phase=phase,
        disposition=Grant.Disposition.BROKE_OFF,
        occasion=0,
    ).values_list("slot__locale__country", "slot__locale__language", "reason")
    kind = str(Conversation.Kind.POOL.label)
    return _stops((f"{country}-{language}", kind, 1, step) for country, language, step in found)


def left_open(study: Study, phase: str) -> list[Stop]:
    """Open conversations of people who did nothing in them for a day, pool and own alike."""
    last = Turn.objects.filter(conversation=OuterRef("pk")).order_by("-position")
    rows = (
        _idle(study, phase)
        .annotate(
            turn=Subquery(last.values("position")[:1]),
            ranked=Subquery(last.values("ranking")[:1]),
            status_of_set=Subquery(last.values("candidate_set__status")[:1]),
        )
        .values_list(
            *("locale__country", "locale__language", "kind"), "turn", "ranked", "status_of_set"
        )
    )
    return _stops(
        (
            f"{country}-{language}",
            str(Conversation.Kind(kind).label),
            turn or 0,
            _step(turn, ranked, status),
        )
        for country, language, kind, turn, ranked, status in rows
    )


def _idle(study: Study, phase: str) -> QuerySet[Conversation]:
    acts = ("started_at", "shown_at", "ranking__submitted_at", "explanation__written_at")
    latest = {f"last_{n}": Max(f"turns__{act}") for n, act in enumerate(acts)}
    return (
        Conversation.objects.filter(
            participation__study=study,
            participation__phase=phase,
            participation__withdrawn_at=None,
            status=Conversation.Status.OPEN,
        )
        .annotate(**latest)
        .annotate(last=Greatest("opened_at", *(F(name) for name in latest)))
        .filter(last__lt=timezone.now() - AWAY)
        .order_by("pk")
    )


def _step(turn: int | None, ranked: int | None, status: str | None) -> str:
    """As `annotation.steps.conversation.standing` tells it, for many at once."""
    if turn is None:
        return str(TurnStep.WRITE_PROMPT.value)
    if ranked is not None:
        return str(TurnStep.EXPLAIN.value)
    if status == CandidateSet.Status.READY:
        return str(TurnStep.RANK.value)
    waits = status == CandidateSet.Status.PENDING
    return str(TurnStep.WAIT.value if waits else TurnStep.FAILED.value)


def _stops(found: Iterable[tuple[str, str, int, str]]) -> list[Stop]:
    counts = Counter(found)
    return [
        Stop(locale, kind, turn, STEPS.get(step, step or _("not noted")), people)
        for (locale, kind, turn, step), people in sorted(counts.items())
    ]


# The screens in their order, and the column whose time says that somebody has passed one.
SCREENS: list[tuple[Promise, dict[str, object]]] = [
    (_("chose a language"), {"locale__isnull": False}),
    (_("found a place"), {"screened_at__isnull": False}),
    (_("read the guidelines"), {"guidelines_read_at__isnull": False}),
    (_("opened a conversation"), {"conversations__isnull": False}),
    (_("judged a first turn"), {"conversations__turns__ranking__isnull": False}),
    (_("finished a conversation"), {"conversations__status": Conversation.Status.FINISHED}),
    (_("finished the study"), {"outcome": "complete"}),
]


def passed_screens(people: QuerySet[Participation]) -> list[tuple[Promise, int]]:
    """How many of these people came past each screen: where the numbers fall, people stop."""
    return [(name, people.filter(**rule).distinct().count()) for name, rule in SCREENS]

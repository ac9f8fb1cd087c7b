"""The audit, searched."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import (
    Case,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)

from accounts.models import User
from annotation.models import AuditEntry, Flag, FlagJudgement, Study
from annotation.spreadsheets import neutral

COLUMNS = ("at", "by", "study", "kind", "what", "why")
OF_REVIEWERS = (AuditEntry.Kind.FLAG_JUDGED, AuditEntry.Kind.FLAG_PASSED)


def search(
    *,
    reader: User,
    study: Study | None = None,
    words: str = "",
    kind: str = "",
    by: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """Lines of one study, or of all, the newest first; each given narrows. `words` are whole
    words of what was done and why, all of them, in any order; `until` is the last day, in UTC.

    Each line has `told_what` and `told_why`: what the reader is told of it. What another
    reviewer thought of a note is told, and found by words, once she has judged it herself, or
    it is decided.
    """
    unjudged = _judged_by_others_alone(reader)
    veiled = Q(kind__in=OF_REVIEWERS, what__in=unjudged) & ~Q(by=reader)
    number = Func(F("what"), Value(":"), Value(1), function="split_part", output_field=TextField())
    found = AuditEntry.objects.select_related("by", "study").annotate(
        told_what=Case(When(veiled, then=number), default="what", output_field=TextField()),
        told_why=Case(When(veiled, then=Value("")), default="why", output_field=TextField()),
    )
    if study:
        found = found.filter(study=study)
    if kind:
        found = found.filter(kind=kind)
    if by:
        found = found.filter(by__username=by)
    if since:
        found = found.filter(at__gte=datetime.combine(since, time(), tzinfo=UTC))
    if until:
        end = datetime.combine(until + timedelta(days=1), time(), tzinfo=UTC)
        found = found.filter(at__lt=end)
    if words.strip():
        # The very expression of the index.
        text = SearchVector("what", "why", config="simple")
        asked = SearchQuery(words, config="simple", search_type="plain")
        found = found.annotate(text=text).filter(~veiled, text=asked)
    return found.order_by("-at", "-pk")


def _judged_by_others_alone(reader: User) -> list[str]:
    """Notes that wait and that others have judged at first, the reader not: as lines name them,
    with and without a verdict."""
    first = FlagJudgement.objects.filter(flag=OuterRef("pk"), stage=FlagJudgement.Stage.FIRST)
    notes = Flag.objects.waiting().filter(Exists(first), ~Exists(first.filter(by=reader)))
    ends = ("", *(f": {verdict}" for verdict in FlagJudgement.Verdict.values))
    return [f"note {key}{end}" for key in notes.values_list("pk", flat=True) for end in ends]


class _Echo:
    """A file that hands back what is written."""

    def write(self, line: str) -> str:
        return line


def as_csv(entries: Iterable[Any]) -> Iterator[str]:
    """Of what `search` found: a line with the names of the columns, then one for each entry."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        cells = [
            entry.at.astimezone(UTC).isoformat(timespec="seconds"),
            entry.by.username if entry.by else "",
            entry.study.key if entry.study else "",
            entry.kind,
            entry.told_what,
            entry.told_why,
        ]
        yield writer.writerow([neutral(cell) for cell in cells])

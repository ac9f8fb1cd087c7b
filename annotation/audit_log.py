"""The audit, searched."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from annotation.models import AuditEntry, Study
from annotation.spreadsheets import neutral

COLUMNS = ("at", "by", "study", "kind", "what", "why")


def search(
    *,
    study: Study | None = None,
    words: str = "",
    kind: str = "",
    by: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEntry]:
    """Lines of one study, or of all, the newest first; each given narrows. `words` are whole
    words of what was done and why, all of them, in any order; `until` is the last day, in UTC."""
    found = AuditEntry.objects.select_related("by", "study")
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
        found = found.annotate(text=text).filter(text=asked)
    return found.order_by("-at", "-pk")


class _Echo:
    """A file that hands back what is written."""

    def write(self, line: str) -> str:
        return line


def as_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A line with the names of the columns, then one for each entry."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries:
        cells = [
            entry.at.astimezone(UTC).isoformat(timespec="seconds"),
            entry.by.username if entry.by else "",
            entry.study.key if entry.study else "",
            entry.kind,
            entry.what,
            entry.why,
        ]
        yield writer.writerow([neutral(cell) for cell in cells])

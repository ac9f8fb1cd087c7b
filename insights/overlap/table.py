"""Reads how many people judged each prompt in each locale."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from annotation.models import Slot, Study, StudyLocale


@dataclass(frozen=True)
class Cell:
    """Slots of one prompt in one locale: judged, at work now, wanted."""

    done: int
    held: int
    target: int


@dataclass(frozen=True)
class OverlapTable:
    locales: list[StudyLocale]
    rows: list[tuple[str, list[Cell | None]]]


def overlap_table(study: Study, phase: str) -> OverlapTable:
    """Distinct people per prompt and locale. Unit: slots; turn 1 of pool conversations."""
    now = timezone.now()
    locales = list(study.locales.order_by("country", "language"))
    counts = (
        Slot.objects.filter(locale__study=study, phase=phase)
        .exclude(status=Slot.Status.VOID)
        .values("prompt__key", "locale_id")
        .annotate(
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
            held=Count("pk", filter=Q(status=Slot.Status.OPEN, leased_until__gt=now)),
            target=Count("pk"),
        )
    )
    cells = {
        (row["prompt__key"], row["locale_id"]): Cell(row["done"], row["held"], row["target"])
        for row in counts
    }
    keys = sorted({key for key, _locale in cells})
    return OverlapTable(
        locales=locales,
        rows=[(key, [cells.get((key, locale.pk)) for locale in locales]) for key in keys],
    )

"""Who takes part and how their work ended, as counts: what figures about people rest on."""

from dataclasses import dataclass

from django.db.models import Count, F, Q

from annotation.models import Grant, Study
from insights.cells import CellFill, cell_fill


@dataclass(frozen=True)
class Ended:
    """So many grants of a locale ended in this way; "": not yet. Re-tests are left out."""

    locale: str
    disposition: str
    excluded: bool
    grants: int


@dataclass(frozen=True)
class Sample:
    cells: tuple[CellFill, ...]
    ended: tuple[Ended, ...]


def read_sample(study: Study, phase: str) -> Sample:
    """As the rows say it now, in whatever transaction the caller is in.

    Grants of people who withdrew count under that disposition, with nothing else of them.
    """
    grants = (
        Grant.objects.filter(participation__study=study, participation__phase=phase, occasion=0)
        .values(
            "disposition",
            country=F("slot__locale__country"),
            language=F("slot__locale__language"),
            excluded=Q(participation__excluded_at__isnull=False),
        )
        .annotate(grants=Count("pk"))
        .order_by("country", "language", "disposition", "excluded")
    )
    ended = [
        Ended(f"{row.pop('country')}-{row.pop('language')}", **row) for row in grants.iterator()
    ]
    return Sample(tuple(cell_fill(study, phase)), tuple(ended))

"""Who takes part and how their work ended, as counts: what figures about people rest on."""

from dataclasses import dataclass

from django.db.models import Count, Q

from annotation.models import Grant, Participation, Study
from insights.cells import CellFill, cell_fill


@dataclass(frozen=True)
class Ended:
    """So many grants of a locale ended in this way; "": not yet. Re-tests are left out."""

    locale: str
    disposition: str
    excluded: bool
    grants: int


@dataclass(frozen=True)
class LeftOut:
    """So many people of a locale and of its cells judged; so many were left out of them."""

    locale: str
    cells: str  # keys joined; "": the study has none
    people: int
    excluded: int


@dataclass(frozen=True)
class Sample:
    cells: tuple[CellFill, ...]
    ended: tuple[Ended, ...]
    left_out: tuple[LeftOut, ...]


def read_sample(study: Study, phase: str) -> Sample:
    """As the rows say it now, in whatever transaction the caller is in.

    Grants of people who withdrew count under that disposition, with nothing else of them.
    """
    grants = (
        Grant.objects.filter(participation__study=study, participation__phase=phase, occasion=0)
        .annotate(excluded=Q(participation__excluded_at__isnull=False))
        .values_list("slot__locale__country", "slot__locale__language", "disposition", "excluded")
        .annotate(Count("pk"))
        .order_by("slot__locale__country", "slot__locale__language", "disposition", "excluded")
    )
    return Sample(
        cells=tuple(cell_fill(study, phase)),
        ended=tuple(
            Ended(f"{country}-{language}", disposition, excluded, count)
            for country, language, disposition, excluded, count in grants
        ),
        left_out=_left_out(study, phase),
    )


def _left_out(study: Study, phase: str) -> tuple[LeftOut, ...]:
    people = (
        Participation.objects.filter(
            study=study, phase=phase, withdrawn_at=None, screened_at__isnull=False
        )
        .values("locale__country", "locale__language", "stratum")
        .annotate(people=Count("pk"), excluded=Count("pk", filter=Q(excluded_at__isnull=False)))
        .order_by("locale__country", "locale__language", "stratum")
    )
    return tuple(
        LeftOut(
            f"{row['locale__country']}-{row['locale__language']}",
            row["stratum"],
            row["people"],
            row["excluded"],
        )
        for row in people
    )

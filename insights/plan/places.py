"""The places of each stratum, and how many one person fills."""

from collections.abc import Mapping

from django.db.models import Count, Q
from django.utils import timezone

from annotation.actions.cells import share_of_places
from annotation.models import (
    Slot,
    Study,
)

# By locale and stratum: how many places are free, held, and done.
Slots = Mapping[tuple[int, str], tuple[int, int, int]]


def each_judges(study: Study, *, prompts: int, places: int) -> int:
    """How many sets one person judges at most: of her plan, of the prompts there are, and of
    her stratum's places by the share of a cell."""
    cap = share_of_places(share=study.cell_share, places=places)
    planned = min(study.pool_conversations, prompts)
    return planned if cap is None else min(planned, cap)


def slots_by_stratum(study: Study, phase: str) -> Slots:
    """Of one phase, void ones left out."""
    now = timezone.now()
    is_open = Q(status=Slot.Status.OPEN)
    rows = (
        Slot.objects.filter(locale__study=study, phase=phase)
        .exclude(status=Slot.Status.VOID)
        .order_by()
        .values_list("locale", "stratum")
        .annotate(
            free=Count("pk", filter=is_open & Q(leased_until__lte=now)),
            held=Count("pk", filter=is_open & Q(leased_until__gt=now)),
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
        )
    )
    return {(locale, stratum): (free, held, done) for locale, stratum, free, held, done in rows}

"""Who takes part and how their work ended, as counts: what figures about people rest on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import Consent, Purpose
from annotation.actions.cells import placed_people
from annotation.models import Grant, Outcome, Participation, Quota, ScreeningCount, Study
from insights.plan.cells import CellFill, cell_fill


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
    """`digest` changes with any of it: the log of changes knows judgements alone."""

    cells: tuple[CellFill, ...]
    ended: tuple[Ended, ...]
    left_out: tuple[LeftOut, ...]
    digest: str = ""


def counted_people(study: Study, phase: str) -> QuerySet[Participation]:
    """Who was given a place and has not withdrawn: neither from the study nor from its consent."""
    taken_back = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        document=study.consent_document_id,
        purpose=Purpose.TAKE_PART,
        withdrawn_at__isnull=False,
    )
    return Participation.objects.filter(
        ~Exists(taken_back),
        study=study,
        phase=phase,
        withdrawn_at=None,
        locale__isnull=False,
        screened_at__isnull=False,
    )


def read_sample(study: Study, phase: str) -> Sample:
    """As the rows say it now, in whatever transaction the caller is in.

    Grants of people who withdrew count under that disposition, with nothing else of them.
    """
    ended, left_out = _ended(study, phase), _left_out(study, phase)
    digest = _digest(study, phase, ended, left_out)
    return Sample(tuple(cell_fill(study, phase)), ended, left_out, digest)


def sample_digest(study: Study, phase: str) -> str:
    """That of `read_sample`, without counting the people of each cell."""
    return _digest(study, phase, _ended(study, phase), _left_out(study, phase))


def _digest(study: Study, phase: str, *counted: Sequence[object]) -> str:
    """Of counts, and of what else the people of a cell depend on: targets, who came when it was
    full, who finished."""
    here: dict[str, Any] = {"study": study, "phase": phase}
    quotas = Quota.objects.filter(study=study).order_by("key")
    away = ScreeningCount.objects.filter(**here, outcome=Outcome.QUOTA_FULL).order_by("cell")
    facts = (
        *counted,
        list(quotas.values_list("key", "target", "conditions")),
        list(away.values_list("cell").annotate(Sum("people"))),
        list(placed_people(study, phase).order_by("outcome").values_list("outcome").annotate(
            Count("pk"))),
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _ended(study: Study, phase: str) -> tuple[Ended, ...]:
    left_out = counted_people(study, phase).filter(excluded_at__isnull=False)
    grants = (
        Grant.objects.filter(participation__study=study, participation__phase=phase, occasion=0)
        .annotate(excluded=Exists(left_out.filter(pk=OuterRef("participation"))))
        .values_list("slot__locale__country", "slot__locale__language", "disposition", "excluded")
        .annotate(Count("pk"))
        .order_by("slot__locale__country", "slot__locale__language", "disposition", "excluded")
    )
    return tuple(
        Ended(f"{country}-{language}", disposition, excluded, count)
        for country, language, disposition, excluded, count in grants
    )


def _left_out(study: Study, phase: str) -> tuple[LeftOut, ...]:
    people = (
        counted_people(study, phase)
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

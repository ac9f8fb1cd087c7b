"""How far a study is, for a vendor: places of everybody, people and grants of its own."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Vendor
from annotation.models import Grant, Outcome, Participation, Slot, Study, StudyLocale
from annotation.room import takes_nobody


@dataclass(frozen=True)
class LocaleProgress:
    """One locale in one phase.

    `takes_people` is False while the study is not open, takes a pause, or waits after its soft
    launch: who comes then is asked to come back. Places are planned judgements of whoever
    comes; `held` are open ones at which somebody is now. `overlap_share` is the share of
    candidate sets that at least two different people have judged, None without sets. People
    and grants are those of one vendor alone.
    """

    country: str
    language: str
    takes_people: bool
    planned: int
    done: int
    open: int
    held: int
    sets: int
    overlap_share: float | None
    people: dict[str, int]
    grants: dict[str, int]


def progress(study: Study, vendor: Vendor, phase: str) -> list[LocaleProgress]:
    """Every locale of the study, by country and language."""
    places, sets = _places(study, phase), _sets(study, phase)
    people, grants = _people(study, vendor, phase), _grants(study, vendor, phase)
    found = []
    for locale in study.locales.order_by("country", "language"):
        locale.study = study
        takes = study.is_open and not takes_nobody(locale=locale, phase=phase)
        here = places.get(locale.pk, {}), sets.get(locale.pk, [])
        found.append(_locale(locale, *here, people, grants, takes_people=takes))
    return found


def _locale(
    locale: StudyLocale,
    places: dict[str, int],
    judged: list[int],
    people: Counter[tuple[int, str]],
    grants: Counter[tuple[int, str]],
    *,
    takes_people: bool,
) -> LocaleProgress:
    twice = sum(number >= 2 for number in judged)
    return LocaleProgress(
        country=locale.country,
        language=locale.language,
        takes_people=takes_people,
        planned=places.get("planned", 0),
        done=places.get("done", 0),
        open=places.get("open", 0),
        held=places.get("held", 0),
        sets=len(judged),
        overlap_share=round(twice / len(judged), 4) if judged else None,
        people={name: people[locale.pk, name] for name in ["in_progress", *Outcome.values]},
        grants={name: grants[locale.pk, name] for name in ["in_hand", *Grant.Disposition.values]},
    )


def _slots(study: Study, phase: str) -> Any:
    slots = Slot.objects.filter(locale__study=study, phase=phase)
    return slots.exclude(status=Slot.Status.VOID).order_by()


def _places(study: Study, phase: str) -> dict[int, dict[str, int]]:
    is_open = Q(status=Slot.Status.OPEN)
    rows = (
        _slots(study, phase)
        .values("locale")
        .annotate(
            planned=Count("pk"),
            done=Count("pk", filter=Q(status=Slot.Status.DONE)),
            open=Count("pk", filter=is_open),
            held=Count("pk", filter=is_open & Q(leased_until__gt=timezone.now())),
        )
    )
    return {row["locale"]: row for row in rows}


def _sets(study: Study, phase: str) -> dict[int, list[int]]:
    """By locale, how many people have judged each of its candidate sets."""
    rows = (
        _slots(study, phase)
        .values_list("locale", "candidate_set")
        .annotate(done=Count("pk", filter=Q(status=Slot.Status.DONE)))
    )
    found: dict[int, list[int]] = {}
    for locale, _candidate_set, done in rows:
        found.setdefault(locale, []).append(done)
    return found


def _people(study: Study, vendor: Vendor, phase: str) -> Counter[tuple[int, str]]:
    """People by how they ended; who withdrew counts as that, whatever she had reached."""
    rows = (
        Participation.objects.filter(study=study, annotator__vendor=vendor, phase=phase)
        .exclude(locale=None)
        .values_list("locale", "outcome", "withdrawn_at")
    )
    return Counter(
        (locale, Outcome.WITHDRAWN.value if withdrawn_at else outcome or "in_progress")
        for locale, outcome, withdrawn_at in rows
    )


def _grants(study: Study, vendor: Vendor, phase: str) -> Counter[tuple[int, str]]:
    """Sets given to the vendor's people, by how each ended; planned re-tests are left out."""
    rows = (
        Grant.objects.filter(
            participation__study=study,
            participation__annotator__vendor=vendor,
            participation__phase=phase,
            occasion=0,
        )
        .order_by()
        .values_list("slot__locale", "disposition")
        .annotate(number=Count("pk"))
    )
    return Counter(
        {(locale, disposition or "in_hand"): number for locale, disposition, number in rows}
    )

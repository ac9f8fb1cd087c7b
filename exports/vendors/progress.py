"""How far a study is, for a vendor: its own people and grants, and where more people are wanted.

No total of everybody: of two vendors each would learn the other's by subtracting its own.
"""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from accounts.models import Vendor
from annotation.models import Grant, Outcome, Participation, Study, StudyLocale
from annotation.steps.room import has_room, takes_nobody


@dataclass(frozen=True)
class LocaleProgress:
    """One locale in one phase, for one vendor.

    `takes_people` is False while the study is not open, takes a pause, waits after its soft
    launch, or has no place left: who comes then is asked to come back, or sent away. People and
    grants are those of the vendor alone.
    """

    country: str
    language: str
    takes_people: bool
    people: dict[str, int]
    grants: dict[str, int]


def progress(study: Study, vendor: Vendor, phase: str) -> list[LocaleProgress]:
    """Every locale of the study, by country and language."""
    people, grants = _people(study, vendor, phase), _grants(study, vendor, phase)
    found = []
    for locale in study.locales.order_by("country", "language"):
        locale.study = study
        found.append(
            LocaleProgress(
                country=locale.country,
                language=locale.language,
                takes_people=_takes_people(locale, phase),
                people={one: people[locale.pk, one] for one in ["in_progress", *Outcome.values]},
                grants={
                    one: grants[locale.pk, one] for one in ["in_hand", *Grant.Disposition.values]
                },
            )
        )
    return found


def _takes_people(locale: StudyLocale, phase: str) -> bool:
    if not locale.study.is_open or takes_nobody(locale=locale, phase=phase):
        return False
    return has_room(locale=locale, phase=phase)


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

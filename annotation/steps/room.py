"""What a locale can still take: places, the stop of a soft launch, and a pause.

A study with `soft_launch: n` lets n people of each locale in, in the pilot and again in the
main phase, and then waits until a person has read the figures and signed them.
The team may also stop a study, or one locale, for a while: nobody joins meanwhile, and nobody
opens a conversation.
"""

from typing import Any

from django.db.models import QuerySet

from annotation.models import Participation, Phase, Slot, Study, StudyLocale
from annotation.queries.prepared import prepared
from annotation.steps.sittings import is_past

STOPPING = (Phase.PILOT, Phase.MAIN)
WHOLE = "*"  # in `Study.paused`: the study, not one of its locales


def has_room(*, locale: StudyLocale, phase: str) -> bool:
    """Whether a locale can use one more person: judgements are wanted, or all is her own. A
    preview takes nobody's place, and walks through a study without any."""
    return (
        phase == Phase.PREVIEW
        or locale.study.pool_conversations == 0
        or bool(_first_wanted(locale=locale.pk, phase=str(phase)))
    )


@prepared
def _first_wanted(*, locale: int, phase: str) -> QuerySet[Slot, Any]:
    """In filling order, which an index holds: without it PostgreSQL would read the places of
    other locales until it comes to one of this."""
    wanted = Slot.objects.wanted(locale=locale, phase=phase)
    return wanted.order_by("batch", "due", "draw").values_list("pk")[:1]


def people_let_in(*, locale: StudyLocale, phase: str) -> QuerySet[Participation]:
    """Everybody for whom a place was found. Who left afterwards, or was left out, still counts:
    how these people fared is what a soft launch is to show."""
    return Participation.objects.filter(locale=locale, phase=phase, screened_at__isnull=False)


def is_waiting(*, locale: StudyLocale, phase: str) -> bool:
    """Whether the first people of a soft launch are in and nobody has signed yet."""
    most = locale.study.soft_launch
    if most is None or phase not in STOPPING:
        return False
    if locale.sign_offs.filter(phase=phase).exists():
        return False
    return people_let_in(locale=locale, phase=phase).count() >= most


def is_paused(study: Study, locale: StudyLocale | None) -> bool:
    """Whether the team has stopped the study, or this locale of it, for a while."""
    return WHOLE in study.paused or (locale is not None and str(locale) in study.paused)


def rests(participation: Participation) -> bool:
    """Whether a pause that the team takes keeps this person from what comes next. After the
    last day there is nothing to wait for: she is led to her code."""
    paused = is_paused(participation.study, participation.locale)
    return participation.phase in STOPPING and paused and not _is_over(participation)


def _is_over(participation: Participation) -> bool:
    """Whether the last day has passed in her country; before she names one, in every country."""
    study = participation.study
    if study.last_day is None:
        return False
    named = {participation.country} - {""}
    countries = named or set(study.locales.values_list("country", flat=True))
    return all(is_past(study, country) for country in countries)


def takes_nobody(*, locale: StudyLocale, phase: str) -> bool:
    """Whether a locale lets nobody in for now: paused, or its soft launch waits."""
    paused = phase in STOPPING and is_paused(locale.study, locale)
    return paused or is_waiting(locale=locale, phase=phase)


def study_pauses(participation: Participation) -> bool:
    """Whether every language of her country that has places is paused or waits for a
    signature."""
    study, phase = participation.study, participation.phase
    if (study.soft_launch is None and not study.paused) or phase not in STOPPING:
        return False
    if is_past(study, participation.country):
        return False
    locales = StudyLocale.objects.filter(study=study, country=participation.country)
    roomy = [
        locale for locale in locales.select_related("study") if has_room(locale=locale, phase=phase)
    ]
    return bool(roomy) and all(takes_nobody(locale=locale, phase=phase) for locale in roomy)

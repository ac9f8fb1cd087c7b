"""What a locale can still take: places, and the stop of a soft launch.

A study with `soft_launch: n` lets n people of each locale in, in the pilot and again in the
main phase, and then waits until a person has read the figures and signed them.
"""

from django.db.models import QuerySet

from annotation.models import Participation, Phase, Slot, StudyLocale
from annotation.sittings import is_past

STOPPING = (Phase.PILOT, Phase.MAIN)


def has_room(*, locale: StudyLocale, phase: str) -> bool:
    """Whether a locale can use one more person: judgements are wanted, or all is her own."""
    return (
        locale.study.pool_conversations == 0
        or Slot.objects.wanted(locale=locale, phase=phase).exists()
    )


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


def study_pauses(participation: Participation) -> bool:
    """Whether every language of her country that has places waits for a signature."""
    study, phase = participation.study, participation.phase
    if study.soft_launch is None or phase not in STOPPING:
        return False
    if is_past(study, participation.country):
        return False
    locales = StudyLocale.objects.filter(study=study, country=participation.country)
    roomy = [
        locale for locale in locales.select_related("study") if has_room(locale=locale, phase=phase)
    ]
    return bool(roomy) and all(is_waiting(locale=locale, phase=phase) for locale in roomy)

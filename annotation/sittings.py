"""When a person may go on: sittings, a day's share, the last day, places that come free."""

from datetime import date, datetime, timedelta
from math import ceil

from django.utils import timezone

from annotation.countries import local_time
from annotation.models import Participation, Slot, Study
from annotation.moments import OF_A_PERSON, SITTING, count_sittings, moments_of


def sitting_of(participation: Participation) -> int:
    """The sitting in which a conversation opened now stands, from 1."""
    return count_sittings([*_moments_at_work(participation), timezone.now()])


def is_back(participation: Participation) -> bool:
    """Whether she has held conversations and comes back to them after a pause of an hour."""
    moments = _moments_at_work(participation)
    return bool(moments) and timezone.now() - moments[-1] >= SITTING


def _moments_at_work(participation: Participation) -> list[datetime]:
    """Her acts since she opened her first conversation."""
    first = participation.conversations.order_by("opened_at").first()
    if first is None:
        return []
    moments = moments_of([participation.pk], OF_A_PERSON)[participation.pk]
    return [moment for moment in moments if moment >= first.opened_at]


def day_is_full(participation: Participation) -> bool:
    """Whether she opened as many conversations today as the study allows a day."""
    cap = participation.study.daily_cap
    if cap is None:
        return False
    midnight = local_time(participation.country).replace(hour=0, minute=0, second=0, microsecond=0)
    return participation.conversations.filter(opened_at__gte=midnight).count() >= cap


def tomorrow(participation: Participation) -> date:
    """The first day on which she may open another conversation, once a day is full."""
    return local_time(participation.country).date() + timedelta(days=1)


def is_past(study: Study, country: str) -> bool:
    """Whether the last day of collection is over in a country, or the study was closed."""
    if study.status == Study.Status.CLOSED:
        return True
    return study.closes_on is not None and local_time(country).date() > study.closes_on


def may_open_more(participation: Participation) -> bool:
    """Whether today or on a later day she can still open a conversation."""
    study = participation.study
    if is_past(study, participation.country):
        return False
    if study.closes_on is None:
        return True
    return not day_is_full(participation) or tomorrow(participation) <= study.closes_on


def came_too_late(participation: Participation) -> bool:
    """Whether the study's last day passed before she opened any conversation."""
    return (
        is_past(participation.study, participation.country)
        and not participation.conversations.exists()
    )


def minutes_until_free(participation: Participation) -> int | None:
    """Whole minutes until the first place that others hold may come free; None: nobody knows."""
    assert participation.locale is not None
    held = (
        Slot.objects.wanted(locale=participation.locale, phase=participation.phase)
        .not_met_by(participation.annotator)
        .order_by("leased_until")
        .first()
    )
    if held is None:
        return None
    return max(1, ceil((held.leased_until - timezone.now()).total_seconds() / 60))

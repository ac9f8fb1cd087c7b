"""When a person may go on: sittings, a day's share, the last day, places that come free."""

from datetime import date, datetime, timedelta
from math import ceil

from django.utils import timezone

from annotation.countries import local_time
from annotation.models import Conversation, Participation, Phase, Slot, Study
from annotation.moments import OF_A_CONVERSATION, SITTING, count_sittings, moments_of


def sitting_of(participation: Participation) -> int:
    """The sitting in which a conversation opened now stands, from 1.

    Counted on from the one in which she opened her last conversation.
    """
    last = last_conversation(participation)
    if last is None:
        return 1
    return last.sitting - 1 + count_sittings([*_moments_in(last), timezone.now()])


def is_back(participation: Participation) -> bool:
    """Whether she has held conversations and comes back to them after a pause of an hour."""
    last = last_conversation(participation)
    return last is not None and timezone.now() - max(_moments_in(last)) >= SITTING


def last_conversation(participation: Participation) -> Conversation | None:
    """The one she opened last."""
    opened = participation.conversations.all()
    return max(opened, key=lambda conversation: conversation.opened_at, default=None)


def _moments_in(conversation: Conversation) -> list[datetime]:
    """Her acts in a conversation, in order. Until she opens the next one, hers are all there."""
    if timezone.now() - conversation.opened_at < SITTING:  # no pause in it can be one
        return [conversation.opened_at]
    return moments_of([conversation.pk], OF_A_CONVERSATION)[conversation.pk]


def day_is_full(participation: Participation) -> bool:
    """Whether she opened as many conversations today as the study allows a day. A preview is
    not kept from its end by a day."""
    cap = participation.study.daily_cap
    if cap is None or participation.phase == Phase.PREVIEW:
        return False
    midnight = local_time(participation.country).replace(hour=0, minute=0, second=0, microsecond=0)
    today = [item for item in participation.conversations.all() if item.opened_at >= midnight]
    return len(today) >= cap


def tomorrow(participation: Participation) -> date:
    """The first day on which she may open another conversation, once a day is full."""
    return local_time(participation.country).date() + timedelta(days=1)


def is_past(study: Study, country: str) -> bool:
    """Whether the study's last day is over in a country, or the study was closed. Where data
    about people were kept until that day it is over in UTC as well: they go then."""
    if study.status == Study.Status.CLOSED or not study.is_kept:
        return True
    return study.last_day is not None and local_time(country).date() > study.last_day


def may_open_more(participation: Participation) -> bool:
    """Whether today or on a later day she can still open a conversation."""
    study = participation.study
    if is_past(study, participation.country):
        return False
    if study.last_day is None:
        return True
    return not day_is_full(participation) or tomorrow(participation) <= study.last_day


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
        .not_met_by(participation.annotator_id)
        .order_by("leased_until")
        .first()
    )
    if held is None:
        return None
    return max(1, ceil((held.leased_until - timezone.now()).total_seconds() / 60))

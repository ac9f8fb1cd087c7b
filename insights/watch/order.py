"""The panel on order: where responses stood, and which place people chose.

Every display of a study is counted. Up to some thousand conversations that is done at once;
beyond, a worker counts, and the page shows what was counted last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Conversation, Phase, Study
from insights import tasks
from insights.watch.balance import Standing, display_alarms, display_table, standings
from insights.watch.places import (
    PlaceEstimate,
    choice_chart,
    choice_table,
    estimates,
    place_shares,
)
from insights.watch.view import HALF_HOUR, Panel, View

AT_ONCE = 5000  # conversations: a fraction of a second
RENEWED = timedelta(minutes=15)
KEPT = timedelta(days=7)
ASKED = timedelta(minutes=1)  # then a worker is asked again: messages may be lost


@dataclass(frozen=True)
class Counted:
    """What was counted, and when."""

    at: datetime
    stood: Sequence[Standing]
    people: int
    estimated: Sequence[PlaceEstimate]


def view(study: Study, phase: Phase) -> View:
    found = _known(study, phase)
    if found is None:
        words = _("A worker counts every display. The figures are here in a minute.")
        return View(lines=[words], waiting=True)
    return View(
        tables=[display_table(found.stood), choice_table(found.people, found.estimated)],
        alarms=display_alarms(found.stood),
        chart=choice_chart(found.estimated),
    )


def _known(study: Study, phase: str) -> Counted | None:
    """Counted at once where that is soon done; else what a worker counted, who is asked to
    count anew when that is some time ago."""
    talks = Conversation.objects.filter(participation__study=study, participation__phase=phase)
    if talks.count() <= AT_ONCE:
        return _count(study, phase)
    found: Counted | None = cache.get(_key(study.pk, phase))
    fresh = found and timezone.now() - found.at < RENEWED
    asked = f"{_key(study.pk, phase)}:asked"
    if not fresh and cache.add(asked, 1, timeout=int(ASKED.total_seconds())):
        tasks.enqueue_order(study.pk, str(phase))
    return found


def count_displays(study_id: int, phase: str) -> None:
    """Counts, and keeps it for everybody who watches; a second call counts anew."""
    found = _count(Study.objects.get(pk=study_id), phase)
    cache.set(_key(study_id, phase), found, timeout=int(KEPT.total_seconds()))


def _count(study: Study, phase: str) -> Counted:
    stood, chose = standings(study, phase), place_shares(study, phase)
    return Counted(timezone.now(), stood, chose.people, estimates(chose))


def _key(study_id: int, phase: str) -> str:
    return f"watch:displays:{study_id}:{phase}"


PANEL = Panel(
    "order",
    gettext_lazy("Order on the page"),
    HALF_HOUR,
    view,
    meaning=(
        (
            gettext_lazy("displays"),
            gettext_lazy(
                "How often a response of the arm's sets stood in each place: first turns of "
                "the pool whose judgement fills a place, and apart from them all other turns."
            ),
        ),
        (
            gettext_lazy("alarm beyond"),
            gettext_lazy(
                "How far a count may be from the equal share. Of the pool: what the balanced "
                "squares can leave while places are open, and never more than orders drawn at "
                "random come to. If all is right, 1 of 1000 studies alarms, ever, however "
                "often somebody looks."
            ),
        ),
        (
            gettext_lazy("share of choices"),
            gettext_lazy(
                "First turns of the pool; the mean of people's own shares, of those who "
                "finished. People favour places; that is an estimate and never an alarm. The "
                "bounds are a confidence sequence (Howard and others, 2021): they hold however "
                "often somebody looks."
            ),
        ),
    ),
)

"""What waits for a person: notes on people's work, and people who asked for help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Flag, HelpThread, Phase, Study
from insights.durations import DAY, spell
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View

LONG = 3 * DAY  # seconds that somebody waits for an answer: an alarm


@dataclass(frozen=True)
class Undecided:
    """Notes of one kind in one locale that nobody has decided about."""

    kind: str
    locale: str
    notes: int
    answered: int  # the person has said something to it
    oldest: datetime


@dataclass(frozen=True)
class Help:
    """Threads whose last word is a person's; all phases, and people who have not joined."""

    waiting: int
    oldest: datetime | None


def undecided(study: Study, phase: str) -> list[Undecided]:
    rows = (
        Flag.objects.raised()
        .filter(participation__study=study, participation__phase=phase, decision="")
        .order_by()
        .values_list("kind", "participation__locale__country", "participation__locale__language")
        .annotate(notes=Count("pk"), answered=Count("answered_at"), oldest=Min("raised_at"))
    )
    return sorted(
        (
            Undecided(
                str(Flag.Kind(kind).label), f"{country}-{language}" if country else "–", *more
            )
            for kind, country, language, *more in rows
        ),
        key=lambda one: one.oldest,
    )


def help_waiting(study: Study) -> Help:
    """`oldest`: since when the first of them has waited for the answer to her last message."""
    said = HelpThread.objects.waiting().filter(study=study)
    last = said.annotate(said_at=Coalesce(Max("messages__sent_at"), "opened_at"))
    found = last.aggregate(waiting=Count("pk"), oldest=Min("said_at"))
    return Help(found["waiting"], found["oldest"])


def view(study: Study, phase: Phase) -> View:
    found, asked, now = undecided(study, phase), help_waiting(study), timezone.now()
    lines = [_("Nobody waits for an answer of the help desk.")]
    alarms: list[str] = []
    if asked.oldest is not None:
        values = {
            "n": number(asked.waiting),
            "duration": spell((now - asked.oldest).total_seconds()),
        }
        words = _(
            "%(n)s people wait for an answer of the help desk, the first of them for %(duration)s."
        )
        lines = [words % values]
        late = (now - asked.oldest).total_seconds() > LONG
        alarms = lines if late else []
    return View(tables=[_table(found, now)], lines=lines, alarms=alarms)


def _table(found: Sequence[Undecided], now: datetime) -> Table:
    return Table(
        title=_("Notes that nobody has decided about"),
        columns=[_("note"), _("locale"), _("people"), _("have answered"), _("the oldest waits")],
        rows=[
            Row(
                [
                    *(one.kind, one.locale, number(one.notes), number(one.answered)),
                    spell((now - one.oldest).total_seconds()),
                ]
            )
            for one in found
        ],
        empty=_("There is nothing to review."),
        words=(0, 1),
    )


PANEL = Panel(
    "review",
    gettext_lazy("Waiting for you"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("notes"),
            gettext_lazy(
                "Signals about how somebody worked. A person decides; nobody is left out by "
                "itself. Checks that could not be made are not counted."
            ),
        ),
        (
            gettext_lazy("have answered"),
            gettext_lazy("People who wrote something to the note on their work."),
        ),
    ),
    more=(("study-review", gettext_lazy("Review")), ("study-help", gettext_lazy("Help desk"))),
)

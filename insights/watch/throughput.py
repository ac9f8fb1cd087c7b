"""How much is judged: by hour over a day, by day over two weeks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Phase, Ranking, Study
from insights.charts import Chart, Kind, Series
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View

HOURS, DAYS = 24, 14
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Throughput:
    """Rankings stored in each hour and on each day (UTC), oldest first; the last one runs."""

    hours: Sequence[tuple[datetime, int]]
    days: Sequence[tuple[datetime, int]]

    @property
    def last_day(self) -> int:
        return sum(n for _hour, n in self.hours)


def throughput(study: Study, phase: str) -> Throughput:
    """All turns of all conversations, also of people who were left out: work, not data."""
    now = timezone.now().astimezone(UTC)
    this_hour, today = now.replace(minute=0, second=0, microsecond=0), now.replace(hour=0)
    today = today.replace(minute=0, second=0, microsecond=0)
    rows = (
        Ranking.objects.filter(
            turn__conversation__participation__study=study,
            turn__conversation__participation__phase=phase,
            submitted_at__gte=today - (DAYS - 1) * DAY,
        )
        .order_by()
        .values_list(TruncHour("submitted_at", tzinfo=UTC))
        .annotate(n=Count("pk"))
    )
    by_hour: Counter[datetime] = Counter()
    by_day: Counter[datetime] = Counter()
    for hour, n in rows:
        by_hour[hour] += n
        by_day[hour.replace(hour=0)] += n
    hours = [this_hour - n * HOUR for n in reversed(range(HOURS))]
    days = [today - n * DAY for n in reversed(range(DAYS))]
    return Throughput([(t, by_hour[t]) for t in hours], [(t, by_day[t]) for t in days])


def view(study: Study, phase: Phase) -> View:
    found = throughput(study, phase)
    line = _("%(n)s judgements in the last 24 hours.") % {"n": number(found.last_day)}
    chart = Chart(
        kind=Kind.BARS,
        title=_("Judgements by day"),
        labels=[day.date().isoformat() for day, _n in found.days],
        series=[Series(_("judgements"), [n for _day, n in found.days])],
        unit=_("judgements"),
        lowest=0,
    )
    return View(lines=[line], tables=[_by_day(found), _by_hour(found)], chart=chart)


def _by_day(found: Throughput) -> Table:
    return Table(
        title=_("Judgements by day (UTC)"),
        columns=[_("day"), _("judgements")],
        rows=[Row([date_format(day.date()), number(n)]) for day, n in reversed(found.days)],
    )


def _by_hour(found: Throughput) -> Table:
    return Table(
        title=_("Judgements by hour (UTC)"),
        columns=[_("from"), _("judgements")],
        rows=[Row([_moment(hour), number(n)]) for hour, n in reversed(found.hours)],
    )


def _moment(hour: datetime) -> str:
    return f"{date_format(hour.date(), 'MONTH_DAY_FORMAT')} {time_format(hour.time())}"


PANEL = Panel(
    "throughput",
    gettext_lazy("Throughput"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("judgements"),
            gettext_lazy(
                "Rankings stored: all turns of all conversations, re-tests and those of people "
                "who were left out included."
            ),
        ),
    ),
)

"""Progress of each locale: judgements, people, when it closes, and whether it takes people."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Outcome, Participation, Phase, Slot, Study, StudyLocale
from annotation.steps.room import is_paused
from annotation.steps.sittings import is_past
from insights.charts import Chart, Kind, Series
from insights.fieldwork.fillings import LocaleFilling, locale_fillings
from insights.fieldwork.pace_tables import of, say_closing
from insights.tables import Row, Table, number
from insights.watch.view import SECONDS, Panel, View

LONGEST = 120  # days in the picture
NOBODY = (0, 0, 0)


@dataclass(frozen=True)
class LocaleProgress:
    """`people_in`: those who ever found a place; who left afterwards is among them."""

    locale: StudyLocale
    filling: LocaleFilling
    people_in: int
    finished: int
    at_work: int

    @property
    def is_full(self) -> bool:
        closing = self.filling.closing
        return closing is not None and closing.filled >= closing.wanted


@dataclass(frozen=True)
class Days:
    """Judgements stored up to the end of each day (UTC), by locale in the order of progress."""

    days: Sequence[date]
    sums: Sequence[Sequence[int]]


def progress(study: Study, phase: str) -> list[LocaleProgress]:
    locales = study.locales.order_by("country", "language")
    people = _people(study, phase)
    return [
        LocaleProgress(locale, filling, *people.get(locale.pk, NOBODY))
        for locale, filling in zip(locales, locale_fillings(study, phase), strict=True)
    ]


def _people(study: Study, phase: str) -> dict[int | None, tuple[int, int, int]]:
    """By locale: let in, finished, and on the way."""
    left = Q(finished_at__isnull=False) | Q(declined_at__isnull=False)
    placed = Participation.objects.filter(study=study, phase=phase, screened_at__isnull=False)
    rows = (
        placed.order_by()
        .values_list("locale")
        .annotate(
            people_in=Count("pk"),
            finished=Count("pk", filter=Q(outcome=Outcome.COMPLETE)),
            at_work=Count("pk", filter=~left & Q(withdrawn_at=None, excluded_at=None)),
        )
    )
    return {locale: (people, finished, at_work) for locale, people, finished, at_work in rows}


def days_so_far(study: Study, phase: str, locales: Sequence[StudyLocale]) -> Days:
    """Judgements that hold a place, summed up over the latest days."""
    rows = (
        Slot.objects.filter(locale__study=study, phase=phase, status=Slot.Status.DONE)
        .order_by()
        .values_list("locale", TruncDate("done_at", tzinfo=UTC))
        .annotate(n=Count("pk"))
    )
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for locale, day, n in rows:
        found[locale][day] = n
    first = min((day for counts in found.values() for day in counts), default=None)
    if first is None:
        return Days([], [[] for _locale in locales])
    today = max(timezone.now().date(), first)  # at midnight another machine may be ahead
    first = max(first, today - timedelta(days=LONGEST - 1))
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    return Days(days, [_sums(found[locale.pk], days) for locale in locales])


def _sums(counts: dict[date, int], days: Sequence[date]) -> list[int]:
    total = sum(n for day, n in counts.items() if day < days[0])
    sums = []
    for day in days:
        total += counts.get(day, 0)
        sums.append(total)
    return sums


def view(study: Study, phase: Phase) -> View:
    found = progress(study, phase)
    days = days_so_far(study, phase, [one.locale for one in found])
    return View(tables=[_table(study, found), *_of_days(found, days)], chart=_chart(found, days))


def _table(study: Study, found: Sequence[LocaleProgress]) -> Table:
    return Table(
        title=_("How far each locale is"),
        columns=[
            *(_("locale"), _("state"), _("judgements"), _("people in"), _("on the way")),
            *(_("finished"), _("closes"), _("judgements a day")),
        ],
        rows=[_row(study, one) for one in found],
        words=(0, 1, 6),
    )


def _row(study: Study, one: LocaleProgress) -> Row:
    judged, closing = one.filling.judgements, one.filling.closing
    return Row(
        [
            str(one.locale),
            state_of(study, one),
            of(judged.filled, judged.wanted) if judged else "–",
            of(one.people_in, one.locale.planned_people or 0),
            number(one.at_work),
            number(one.finished),
            say_closing(closing, study) if closing else "–",
            number(judged.a_day, 1) if judged else "–",
        ],
        alarm=one.filling.people.waiting,
    )


def state_of(study: Study, one: LocaleProgress) -> str:
    """Whether it takes people now, and if not, why."""
    if study.status == Study.Status.DRAFT:
        return _("not open yet")
    if study.status == Study.Status.CLOSED or is_past(study, one.locale.country):
        return _("closed")
    if one.is_full:
        return _("full")
    if is_paused(study, one.locale):
        return _("paused")
    if one.filling.people.waiting:
        return _("soft launch: waits for a signature")
    return _("takes people")


def _of_days(found: Sequence[LocaleProgress], days: Days) -> list[Table]:
    """The same figures as the picture, the latest two weeks."""
    if not days.days:
        return []
    latest = list(enumerate(days.days))[-14:]
    return [
        Table(
            title=_("Judgements by the end of each day"),
            columns=[_("day"), *(str(one.locale) for one in found)],
            rows=[
                Row([date_format(day), *(number(sums[place]) for sums in days.sums)])
                for place, day in reversed(latest)
            ],
        )
    ]


def _chart(found: Sequence[LocaleProgress], days: Days) -> Chart | None:
    if not days.days:
        return None
    return Chart(
        kind=Kind.LINES,
        title=_("Judgements stored so far, by locale"),
        labels=[day.isoformat() for day in days.days],
        series=[Series(str(one.locale), sums) for one, sums in zip(found, days.sums, strict=True)],
        unit=_("judgements"),
        lowest=0,
    )


PANEL = Panel(
    "progress",
    gettext_lazy("Progress"),
    SECONDS,
    view,
    meaning=(
        (
            gettext_lazy("judgements"),
            gettext_lazy(
                "First turns of the pool that fill a place, of the places there are. Each "
                "place of a set is filled by another person."
            ),
        ),
        (
            gettext_lazy("people in"),
            gettext_lazy(
                "Everybody who found a place at the door, of those planned; also who left, "
                "withdrew or was left out afterwards."
            ),
        ),
        (gettext_lazy("on the way"), gettext_lazy("In, and neither finished nor gone.")),
        (
            gettext_lazy("closes"),
            gettext_lazy(
                "At the rate of the last 7 days, or since the first person, a day at least. If "
                "people go on coming at random at this rate, the day lies between the two "
                "dates in brackets 9 times of 10."
            ),
        ),
    ),
    more=(
        ("study-pace", gettext_lazy("Pace and pay")),
        ("study-soft-launch", gettext_lazy("Soft launch")),
    ),
)

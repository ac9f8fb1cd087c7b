"""How long people had nothing to do but wait for the next responses."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Explanation, Phase, Study, Turn
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View

LATEST = 3000  # turns, of all locales together
LONG = 30.0  # seconds
FEW = 10  # waits; below, no quantile is given
MANY = 0.05  # of the waits are long: an alarm


@dataclass(frozen=True)
class Waits:
    """Of one locale, in seconds, as `Turn.waited` tells them."""

    locale: str
    seconds: Sequence[float]

    @property
    def middle(self) -> float | None:
        return median(self.seconds) if self.seconds else None

    @property
    def slow(self) -> float | None:
        """9 of 10 waited less."""
        if len(self.seconds) < 2:
            return None
        return quantiles(self.seconds, n=10, method="inclusive")[8]

    @property
    def long(self) -> int:
        return sum(seconds > LONG for seconds in self.seconds)


def waits(study: Study, phase: str) -> list[Waits]:
    """Of the latest turns whose set was made for them. Who still waits is not among them."""
    before = Explanation.objects.filter(
        turn__conversation=OuterRef("conversation"), turn__position=OuterRef("position") - 1
    )
    turns = Turn.objects.filter(
        conversation__participation__study=study,
        conversation__participation__phase=phase,
        live=True,
        candidate_set__ready_at__isnull=False,
    )
    latest = (
        turns.order_by("-pk")
        .annotate(explained=Subquery(before.values("written_at")[:1]))
        .values_list("conversation__locale", "started_at", "explained", "candidate_set__ready_at")
    )
    found: dict[int, list[float]] = defaultdict(list)
    for locale, started, explained, ready in latest[:LATEST]:
        assert ready is not None
        free = started if explained is None else max(started, explained)
        found[locale].append(max(0.0, (ready - free).total_seconds()))
    return [
        Waits(str(locale), found[locale.pk])
        for locale in study.locales.order_by("country", "language")
    ]


def view(study: Study, phase: Phase) -> View:
    found = waits(study, phase)
    return View(tables=[_table(found)], alarms=_alarms(found))


def _alarms(found: Sequence[Waits]) -> list[str]:
    words = _("In %(locale)s %(long)s of the latest %(n)s waits took more than 30 seconds.")
    return [
        words % {"locale": one.locale, "long": number(one.long), "n": number(len(one.seconds))}
        for one in found
        if _too_many(one)
    ]


def _too_many(one: Waits) -> bool:
    return len(one.seconds) >= FEW and one.long > MANY * len(one.seconds)


def _table(found: Sequence[Waits]) -> Table:
    rows = []
    for one in found:
        n = len(one.seconds)
        enough = n >= FEW
        rows.append(
            Row(
                [
                    *(one.locale, number(n), number(one.middle if enough else None, 1)),
                    number(one.slow if enough else None, 1),
                    number(100 * one.long / n if enough else None, 1),
                ],
                alarm=_too_many(one),
            )
        )
    return Table(
        title=_("Waiting for the next responses"),
        columns=[
            *(_("locale"), _("waits"), _("seconds, median"), _("seconds, 9 of 10 below")),
            _("longer than 30 seconds, %"),
        ],
        rows=rows,
        notes=[
            _("The latest %(most)s of all locales; figures are given from %(n)s waits on.")
            % {"most": number(LATEST), "n": FEW}
        ],
    )


PANEL = Panel(
    "waits",
    gettext_lazy("Waiting times"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("wait"),
            gettext_lazy(
                "From a person's last act before her next responses (her message, or her "
                "explanation) until they were ready; 0 where they were ready before. Waits "
                "of people who gave up are in it only if the responses came."
            ),
        ),
    ),
)

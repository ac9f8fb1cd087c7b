"""What generation has spent, of what it may, and what it will have spent at the end."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from annotation.models import Phase, Slot, Study, Turn
from candidates.models import Budget, Generation
from insights.tables import Row, Table, number
from insights.watch.view import MINUTE, Panel, View

WEEK = timedelta(days=7)
NEARLY = 0.9  # of a limit: an alarm
FEW = 20  # judgements; below, their cost says little


@dataclass(frozen=True)
class Spent:
    """By one endpoint, in the endpoint's currency."""

    endpoint: str
    calls: int
    today: Decimal
    altogether: Decimal


@dataclass(frozen=True)
class Money:
    """A budget and what was spent of it, by all studies that share it."""

    budget: Budget
    endpoints: list[Spent]
    live: Decimal  # for sets made while people of this study and phase waited
    a_day: Decimal  # the mean of the last 7 days, or since the first call, a day at least
    done: int  # judgements of this study and phase that hold a place
    lacking: int

    @property
    def today(self) -> Decimal:
        return sum((one.today for one in self.endpoints), Decimal(0))

    @property
    def altogether(self) -> Decimal:
        return sum((one.altogether for one in self.endpoints), Decimal(0))

    @property
    def days_left(self) -> float | None:
        """Until the budget is used up at this rate; None: nothing is spent now."""
        if not self.a_day:
            return None
        return float(max(Decimal(0), self.budget.limit - self.altogether) / self.a_day)

    @property
    def at_the_end(self) -> Decimal | None:
        """If each judgement that is lacking costs as many sets made meanwhile as one did so
        far; sets of the pool are made once. None: too few judgements."""
        if self.done < FEW:
            return None
        return self.altogether + self.live * self.lacking / self.done


def money(study: Study, phase: str) -> Money | None:
    """None where the study has no budget. Refused attempts cost, and count."""
    if study.budget is None:
        return None
    now = timezone.now()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    calls = Generation.objects.filter(candidate_set__budget=study.budget)
    rows = list(
        calls.order_by()
        .values_list("endpoint__key")
        .annotate(
            calls=Count("pk"),
            today=Sum("cost", filter=Q(created_at__gte=midnight), default=Decimal(0)),
            altogether=Sum("cost", default=Decimal(0)),
            week=Sum("cost", filter=Q(created_at__gte=now - WEEK), default=Decimal(0)),
            first=Min("created_at"),
        )
    )
    first = min((row[5] for row in rows), default=now)
    days = max(timedelta(days=1), min(WEEK, now - first)) / timedelta(days=1)
    places = Slot.objects.filter(locale__study=study, phase=phase).aggregate(
        done=Count("pk", filter=Q(status=Slot.Status.DONE)),
        lacking=Count("pk", filter=Q(status=Slot.Status.OPEN, prompt__retired_at=None)),
    )
    return Money(
        budget=study.budget,
        endpoints=[Spent(*row[:4]) for row in sorted(rows)],
        live=_live(study, phase),
        a_day=sum((row[4] for row in rows), Decimal(0)) / Decimal(days),
        **places,
    )


def _live(study: Study, phase: str) -> Decimal:
    """What the sets of its own conversations and later turns cost, with refused attempts."""
    made = Turn.objects.filter(
        live=True,
        conversation__participation__study=study,
        conversation__participation__phase=phase,
    ).values("candidate_set")
    calls = Generation.objects.filter(
        Q(candidate_set__in=made) | Q(candidate_set__refused_for__in=made)
    )
    cost: Decimal = calls.aggregate(cost=Sum("cost", default=Decimal(0)))["cost"]
    return cost


def view(study: Study, phase: Phase) -> View:
    found = money(study, phase)
    if found is None:
        return View(lines=[_("The study has no budget: nothing stops what it spends.")])
    return View(tables=[_limits(found), _by_endpoint(found)], alarms=_alarms(found))


def _alarms(found: Money) -> list[str]:
    alarms, budget = [], found.budget
    values = {"budget": budget.key, "limit": _sum(budget.limit), "spent": _sum(found.altogether)}
    if found.altogether >= budget.limit:
        alarms.append(
            _("The budget %(budget)s is used up (%(spent)s of %(limit)s): nothing more is made.")
            % values
        )
    elif float(found.altogether) > NEARLY * float(budget.limit):
        alarms.append(
            _("The budget %(budget)s is nearly used up: %(spent)s of %(limit)s.") % values
        )
    if budget.daily_limit is not None and found.today >= budget.daily_limit:
        alarms.append(
            _("Today's part of the budget %(budget)s is used up: more is made after midnight UTC.")
            % values
        )
    return alarms


def _limits(found: Money) -> Table:
    budget, days = found.budget, found.days_left
    return Table(
        title=_("Budget %(budget)s") % {"budget": budget.key},
        columns=[_("figure"), _("amount")],
        rows=[
            Row([_("spent altogether"), _sum(found.altogether)]),
            Row([_("limit"), _sum(budget.limit)]),
            Row([_("spent today (UTC)"), _sum(found.today)]),
            Row([_("limit a day"), _sum(budget.daily_limit)]),
            Row([_("spent a day, last 7 days"), _sum(found.a_day)]),
            Row([_("days until the limit, at this rate"), number(days, 1)]),
            Row([_("when all judgements are in"), _sum(found.at_the_end)]),
        ],
    )


def _by_endpoint(found: Money) -> Table:
    return Table(
        title=_("Spent by endpoint"),
        columns=[_("endpoint"), _("calls"), _("today"), _("altogether")],
        rows=[
            Row([one.endpoint, number(one.calls), _sum(one.today), _sum(one.altogether)])
            for one in found.endpoints
        ],
        empty=_("No call was made yet."),
    )


def _sum(amount: Decimal | None) -> str:
    """In the currency of the endpoints' prices; four decimals below one."""
    if amount is None:
        return "–"
    return number(float(amount), 4 if 0 < amount < 1 else 2)


PANEL = Panel(
    "money",
    gettext_lazy("Spending"),
    MINUTE,
    view,
    meaning=(
        (
            gettext_lazy("spent"),
            gettext_lazy(
                "Tokens of every call at the endpoint's prices, refused attempts included, of "
                "all studies that share the budget."
            ),
        ),
        (
            gettext_lazy("when all judgements are in"),
            gettext_lazy(
                "What was spent, and for each judgement still wanted what sets made while "
                "people wait have cost for each so far. Sets of the pool are made once. "
                "Given from 20 judgements on."
            ),
        ),
    ),
)

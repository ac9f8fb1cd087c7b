"""What generation may spend, and what it has spent. Costs are facts on the calls."""

import time
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Q, Sum

from candidates.llm import Reply
from candidates.models import Budget, Generation, ModelEndpoint

MILLION = Decimal(1_000_000)
# How long a sum is believed. Calls in flight and this many seconds may overshoot a limit.
FRESH_SECONDS = 2.0

_sums: dict[int, tuple[float, Decimal, Decimal]] = {}


def price(endpoint: ModelEndpoint, reply: Reply) -> Decimal:
    """The cost of an answer: its tokens at the endpoint's prices per million."""
    sent = Decimal(reply.prompt_tokens or 0) * endpoint.price_prompt
    answered = Decimal(reply.completion_tokens or 0) * endpoint.price_completion
    return (sent + answered) / MILLION


def spent(budget: Budget) -> tuple[Decimal, Decimal]:
    """Altogether, and today (UTC): summed over the calls, refused attempts included."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    sums = Generation.objects.filter(candidate_set__budget=budget).aggregate(
        altogether=Sum("cost"), today=Sum("cost", filter=Q(created_at__gte=midnight))
    )
    return sums["altogether"] or Decimal(0), sums["today"] or Decimal(0)


def find_exhausted(budget: Budget | None) -> str:
    """Why nothing may be spent now, as one sentence; empty while something may."""
    if budget is None:
        return ""
    now = time.monotonic()
    known = _sums.get(budget.pk)
    if known is None or now - known[0] > FRESH_SECONDS:
        known = _sums[budget.pk] = (now, *spent(budget))
    _when, altogether, today = known
    if altogether >= budget.limit:
        return f"The budget {budget} is used up ({altogether:.2f} of {budget.limit}). Raise it."
    if budget.daily_limit is not None and today >= budget.daily_limit:
        return (
            f"Today's part of the budget {budget} is used up ({today:.2f} of "
            f"{budget.daily_limit}). Raise it, or wait until midnight UTC."
        )
    return ""

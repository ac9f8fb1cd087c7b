"""What a rehearsal prints, and what its JSON file holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import ceil
from typing import Any

import numpy as np

from insights.preflight.capacity import Capacity
from insights.preflight.estimates import duration
from rehearsal.findings import Check
from rehearsal.ledger import Ledger
from rehearsal.stage import Rehearsal


def arithmetic(items: Sequence[Capacity]) -> str:
    """The plan's capacity by locale, and in one sentence whether it fills."""
    lines = [item.words() for item in items]
    short = [item.locale for item in items if not item.fills]
    if short:
        lines.append(f"With so few people the plan cannot fill in {', '.join(short)}.")
    else:
        lines.append("The plan can fill everywhere.")
    return "\n".join(f"  {line}" for line in lines)


def in_the_field(items: Sequence[Capacity], rates: Mapping[str, float]) -> list[str]:
    """Days until a locale's people have come, of those whose people a day are known."""
    found = [(item, duration(item.people, rates.get(item.locale, 0.0))) for item in items]
    return [
        f"{item.locale}: at {rates[item.locale]:g} a day the last of {item.people} comes after "
        f"{ceil(took.days)} days, 9 times of 10 after {ceil(took.earliest)} to "
        f"{ceil(took.latest)}."
        for item, took in found
        if took
    ]


def predictions(lines: Sequence[str]) -> str:
    """What the plan can show, what it costs and how long it takes."""
    return "\n".join(f"  {line}" for line in lines)


def figures(rehearsal: Rehearsal) -> dict[str, Any]:
    """Time and requests, and what people did."""
    ledger = rehearsal.ledger
    half, most = _quantiles(ledger)
    seconds = rehearsal.played_seconds
    return {
        "people": rehearsal.people,
        "seconds": round(seconds, 1),
        "rankings": len(ledger.acknowledged),
        "rankings_per_second": round(len(ledger.acknowledged) / seconds, 2) if seconds else None,
        "requests": len(ledger.seconds),
        "request_p50_ms": half,
        "request_p95_ms": most,
        "unanswered": ledger.unanswered,
        "errors": len(ledger.failures),
        "events": dict(sorted(ledger.events.items())),
    }


def _quantiles(ledger: Ledger) -> tuple[float | None, float | None]:
    if not ledger.seconds:
        return None, None
    half, most = np.quantile(np.array(ledger.seconds), [0.5, 0.95])
    return round(float(half) * 1000, 1), round(float(most) * 1000, 1)


def lines_of(checks: Sequence[Check]) -> list[str]:
    return [
        f"  {'holds' if check.holds else 'FAILS'}  {check.name:<42} {check.words}"
        for check in checks
    ]


def as_json(
    rehearsal: Rehearsal, items: Sequence[Capacity], lines: Sequence[str], checks: Sequence[Check]
) -> dict[str, Any]:
    return {
        "study": rehearsal.study.key,
        "seed": rehearsal.seed,
        "holds": all(check.holds for check in checks),
        "capacity": [asdict(item) | {"fills": item.fills} for item in items],
        "forecast": list(lines),
        "figures": figures(rehearsal),
        "checks": [asdict(check) for check in checks],
    }

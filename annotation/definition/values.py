"""The columns of a study and its locales, as its definition gives them."""

from datetime import date
from decimal import Decimal
from typing import Any

from accounts.versions import translated
from annotation.models import (
    Mode,
    StudyLocale,
)
from candidates.models import PromptText

TEXTS = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")
STATED = ("ethics_approval", "controller", "provider", "exclusion_rules", "analysis_plan")


def settings_of(about: dict[str, Any]) -> dict[str, Any]:
    """By column. Raises KeyError where one is lacking, ValueError where one cannot be read."""
    return {
        "pool_conversations": about["pool_conversations"],
        "own_conversations": about["own_conversations"],
        "turn_lengths": {str(turns): weight for turns, weight in about["turn_lengths"].items()},
        "lease_minutes": about["lease_minutes"],
        "seed": about["seed"],
        "batch_size": about.get("batch_size"),
        "core": about.get("core", []),
        "cell_share": float(about.get("cell_share", 1)),
        "retests": about.get("retests", 0),
        "soft_launch": about.get("soft_launch"),
        "modes": _modes(about.get("modes", [Mode.RANKING])),
        "partial_allowed": about.get("partial_allowed", False),
        "practice": about.get("practice", {}),
        "expected_minutes": about.get("expected_minutes", 30),
        "daily_cap": about.get("daily_cap"),
        "closes_on": _day(about.get("closes_on")),
        "check_duplicates": about.get("check_duplicates", False),
        "contact": about.get("contact", ""),
        **{name: (about.get(name) or "").strip() for name in STATED},
        "withdrawal_days": about.get("withdrawal_days"),
        "retained_until": _day(about.get("retained_until")),
        "flag_thresholds": about.get("flag_thresholds") or {},
        "translation_stage": PromptText.Stage(about.get("translation_stage", "adjudicated")),
    }


def texts_of(about: dict[str, Any]) -> dict[str, Any]:
    """By column, one a language."""
    return {name: text for field in TEXTS for name, text in translated(field, about[field]).items()}


def locale_values(locale: dict[str, Any], replanned: StudyLocale | None) -> dict[str, Any]:
    """By column. `replanned` is the stored locale where its plan was changed since."""
    return {
        # What was changed and logged since is not undone by the first plan.
        "target": replanned.target if replanned else locale["target"],
        "core_target": replanned.core_target if replanned else locale.get("core_target"),
        "planned_people": locale.get("people"),
        "pay_floor": _money(locale.get("pay_floor")),
        "legal_basis": locale.get("legal_basis", ""),
        "pay": _money(locale.get("pay")),
        "short_pay": _money(locale.get("short_pay")),
        "currency": locale.get("currency", ""),
    }


def _day(value: Any) -> date | None:
    """A day as YAML reads it, or written as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _modes(names: list[str]) -> list[str]:
    if not names:
        raise ValueError("modes names no mode")
    return [Mode(name).value for name in names]


def _money(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"))

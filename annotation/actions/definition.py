"""A study is defined by one file, which is stored as versions that never change."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions import store_consent_document, store_instrument
from accounts.versions import store_version, translated
from annotation import practice
from annotation.cell_tables import CellFault, expand, people_of
from annotation.models import (
    Mode,
    Phase,
    PlanChange,
    Quota,
    Study,
    StudyLocale,
    Wave,
)
from annotation.models.study import ExplanationPolicy
from candidates.actions import (
    store_budget,
    store_endpoint,
    store_pool,
    store_sampler,
)
from candidates.models import PromptText, Sampler

TEXTS = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")


@transaction.atomic
def apply_study(definition: dict[str, Any]) -> Study:
    """Stores a study's definition; applying the same file again changes nothing.

    Raises ValidationError, with nothing stored, where a text is missing in a language
    or where a part exists already with other contents.
    """
    missing = find_missing_texts(definition)
    if missing:
        raise ValidationError(f"These texts are missing in a language: {'; '.join(missing)}.")
    try:
        fault = find_fault(definition)
        if fault:
            raise ValidationError(fault)
        return _store(definition)
    except KeyError as error:
        raise ValidationError(f"The study's definition lacks {error}.") from error
    except ValueError as error:
        raise ValidationError(f"The study's definition cannot be used: {error}.") from error


def find_fault(definition: dict[str, Any]) -> str:
    """What in the practice item, the screening or the quotas cannot be used; empty: nothing."""
    about, asked = definition["study"], definition["instruments"]["quota"]["questions"]
    sensitive = [item["code"] for item in asked if item.get("special_category")]
    if sensitive:
        return (
            f"The quota instrument asks {', '.join(sensitive)}, a special category: "
            "such questions come after consent and screen nobody out."
        )
    try:
        _cells(definition)
    except CellFault as fault:
        return str(fault)
    return practice.find_fault(about.get("practice", {}))


def _cells(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells with whole targets, whatever form the file gives them in."""
    about, asked = definition["study"], definition["instruments"]["quota"]["questions"]
    people = people_of([(item["country"], item.get("people")) for item in about["locales"]])
    return expand(about.get("quotas", []), people, {item["code"]: item for item in asked})


def _store(definition: dict[str, Any]) -> Study:
    about = definition["study"]
    samplers = _store_samplers(definition)
    values = _parts(definition, samplers) | _settings(about) | _texts(about)
    stored = Study.objects.filter(key=about["key"]).first()
    if stored and _replanned(stored, PlanChange.Kind.REPLACED):
        values["core"] = stored.core  # replacements have joined it
    study = store_version(Study, identity={"key": about["key"]}, values=values)
    study.further_arms.add(*(samplers[key] for key in about.get("further_arms", [])))
    _store_locales(study, about["locales"])
    _store_waves(study, about["waves"])
    _store_quotas(study, _cells(definition))
    return study


def _store_samplers(definition: dict[str, Any]) -> dict[str, Sampler]:
    endpoints = {item["key"]: store_endpoint(item) for item in definition["endpoints"]}
    return {
        item["key"]: store_sampler(
            item,
            endpoint=endpoints[item["endpoint"]],
            further=[endpoints[key] for key in item.get("further_endpoints", [])],
        )
        for item in definition["samplers"]
    }


def _parts(definition: dict[str, Any], samplers: dict[str, Sampler]) -> dict[str, Any]:
    """The records that a study points to."""
    about = definition["study"]
    return {
        "budget": store_budget(definition["budget"]) if "budget" in definition else None,
        "consent_document": store_consent_document(definition["consent"]),
        "quota_instrument": store_instrument(definition["instruments"]["quota"]),
        "closing_instrument": store_instrument(definition["instruments"]["closing"]),
        "pool": store_pool(definition["pool"]),
        "pool_sampler": samplers[about["pool_sampler"]],
        "live_sampler": samplers[about["live_sampler"]],
    }


def _settings(about: dict[str, Any]) -> dict[str, Any]:
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
        "translation_stage": PromptText.Stage(about.get("translation_stage", "adjudicated")),
    }


def _texts(about: dict[str, Any]) -> dict[str, Any]:
    return {name: text for field in TEXTS for name, text in translated(field, about[field]).items()}


def _store_locales(study: Study, locales: list[dict[str, Any]]) -> None:
    replanned = _replanned(
        study, PlanChange.Kind.TARGET, details__phase=Phase.MAIN, details__has_key="locale"
    )
    for locale in locales:
        identity = {"study": study, "country": locale["country"], "language": locale["language"]}
        stored = StudyLocale.objects.filter(**identity).first() if replanned else None
        store_version(
            StudyLocale,
            identity=identity,
            values={
                # What was changed and logged since is not undone by the first plan.
                "target": stored.target if stored else locale["target"],
                "core_target": stored.core_target if stored else locale.get("core_target"),
                "planned_people": locale.get("people"),
                "pay_floor": _money(locale.get("pay_floor")),
                "legal_basis": locale.get("legal_basis", ""),
                "pay": _money(locale.get("pay")),
                "short_pay": _money(locale.get("short_pay")),
                "currency": locale.get("currency", ""),
            },
        )


def _store_waves(study: Study, waves: list[dict[str, Any]]) -> None:
    for wave in waves:
        store_version(
            Wave,
            identity={"study": study, "number": wave["number"]},
            values={
                "explanation_policy": ExplanationPolicy(wave["explanations"]),
                "explanation_share": float(wave.get("explanation_share", 1)),
            },
        )


def _store_quotas(study: Study, cells: list[dict[str, Any]]) -> None:
    if _replanned(study, PlanChange.Kind.CELLS):
        return
    new = {cell["key"] for cell in cells}
    if study.status != Study.Status.DRAFT and new != set(
        study.quotas.values_list("key", flat=True)
    ):
        raise ValidationError(
            f"The study {study} is open, so its cells are changed with the command set_quotas."
        )
    for cell in cells:
        store_version(
            Quota,
            identity={"study": study, "key": cell["key"]},
            values={"conditions": cell["conditions"], "target": cell["target"]},
        )


def _replanned(study: Study, kind: PlanChange.Kind, **what: Any) -> bool:
    """Whether the plan was changed since; then the file is only where it began."""
    return PlanChange.objects.filter(study=study, kind=kind, **what).exists()


def _day(value: Any) -> date | None:
    """A day as YAML reads it, or written as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _modes(names: list[str]) -> list[str]:
    if not names:
        raise ValueError("modes names no mode")
    return [Mode(name).value for name in names]


def _money(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"))


def find_missing_texts(definition: Any, path: str = "") -> list[str]:
    """Places in a definition where a text exists in some language but not in all of them."""
    languages = {code for code, _name in settings.LANGUAGES}
    if isinstance(definition, dict):
        found = languages & set(definition)
        if found:
            lacking = sorted(code for code in languages if not definition.get(code))
            return [f"{path} ({', '.join(lacking)})"] if lacking else []
        return [
            place
            for key, value in definition.items()
            for place in find_missing_texts(value, f"{path}.{key}".lstrip("."))
        ]
    if isinstance(definition, list):
        return [
            place
            for index, value in enumerate(definition)
            for place in find_missing_texts(value, f"{path}[{index}]")
        ]
    return []

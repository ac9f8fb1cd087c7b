"""A study's definition, rendered back from its rows into what `apply_study` reads."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import models

from accounts.models import ConsentDocument, Instrument, Question
from annotation.models import Study
from candidates.models import Budget, ModelEndpoint, PromptPool, PromptText, Sampler
from candidates.pools.definition import definition_of_rows
from candidates.pools.rows import rows_of

TEXTS = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")
SETTINGS = (
    "pool_conversations", "own_conversations", "turn_lengths", "lease_minutes", "seed",
    "batch_size", "core", "cell_share", "retests", "soft_launch", "modes", "partial_allowed",
    "practice", "expected_minutes", "daily_cap", "check_duplicates", "contact",
    "translation_stage",
)  # fmt: skip
# What people are told, or what was planned, beside all this: said only where it is stated, so
# that plans frozen before keep their hash.
STATED = (
    "ethics_approval", "controller", "provider", "withdrawal_days", "flag_thresholds",
    "exclusion_rules", "analysis_plan",
)  # fmt: skip
SAMPLER = (
    "key", "version", "strategy", "n", "instructions", "format_instructions", "parameters",
    "words_min", "words_max", "max_attempts", "oversample", "poles", "anchor", "thresholds",
    "tolerated_languages", "control_share",
)  # fmt: skip
ENDPOINT = (
    "key", "base_url", "model", "api_key_variable", "parameters", "timeout_seconds",
    "requests_per_minute", "tokens_per_minute", "concurrency", "embedding_model",
    "moderation_model",
)  # fmt: skip


def canonical(value: Any) -> str:
    """JSON in the one form that is hashed: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def hash_of(value: Any) -> str:
    """SHA-256 over the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def plan_of(study: Study) -> dict[str, Any]:
    """What is frozen: the definition without what only operates it.

    Left out are money, addresses and limits of endpoints, and the contact. The seed is in
    it: the hash commits to every random order before anybody takes part. Of the prompts in
    use it holds one hash over key, language, version and text, since a pool may be large.
    """
    definition = definition_of(study)
    definition.pop("budget", None)
    definition["endpoints"] = [
        {name: endpoint[name] for name in ("key", "model", "parameters")}
        for endpoint in definition["endpoints"]
    ]
    del definition["study"]["contact"]
    definition["pool"] = _digest(study.pool)
    return definition


def _digest(pool: PromptPool) -> dict[str, Any]:
    texts = PromptText.objects.filter(prompt__pool=pool, prompt__retired_at=None)
    rows = texts.order_by("prompt__key", "language", "version").values_list(
        "prompt__key", "language", "version", "text"
    )
    digest, prompts = hashlib.sha256(), set()
    for row in rows.iterator(chunk_size=2000):
        digest.update(canonical(row).encode() + b"\n")
        prompts.add(row[0])
    return {"key": pool.key, "prompts": len(prompts), "sha256": digest.hexdigest()}


def definition_of(study: Study) -> dict[str, Any]:
    """The whole definition. Applied to an empty database it makes the same study again."""
    stored = Study.objects.select_related(
        "consent_document", "quota_instrument", "closing_instrument", "pool", "budget"
    ).get(pk=study.pk)
    samplers = _samplers(stored)
    definition = {
        "study": _about(stored),
        "consent": render_consent(stored.consent_document),
        "instruments": _instruments(stored),
        "endpoints": _endpoints(samplers),
        "samplers": [render_sampler(sampler) for sampler in samplers],
        "pool": _pool(stored.pool),
    }
    if stored.budget:
        definition["budget"] = _budget(stored.budget)
    return definition


def _about(study: Study) -> dict[str, Any]:
    return {
        "key": study.key,
        **{field: _texts(study, field) for field in TEXTS},
        **_values(study, SETTINGS),
        **{name: value for name, value in _values(study, STATED).items() if value},
        **({"retained_until": study.retained_until.isoformat()} if study.retained_until else {}),
        "closes_on": study.closes_on.isoformat() if study.closes_on else None,
        "pool_sampler": study.pool_sampler.key,
        "live_sampler": study.live_sampler.key,
        "further_arms": [arm.key for arm in study.further_arms.order_by("key", "version")],
        "locales": _locales(study),
        "waves": [
            {
                "number": wave.number,
                "explanations": wave.explanation_policy,
                "explanation_share": wave.explanation_share,
            }
            for wave in study.waves.order_by("number")
        ],
        "quotas": list(study.quotas.order_by("key").values("key", "conditions", "target")),
    }


def _locales(study: Study) -> list[dict[str, Any]]:
    money = ("pay_floor", "pay", "short_pay")
    return [
        {
            **_values(locale, ("country", "language", "target", "core_target")),
            "people": locale.planned_people,
            "legal_basis": locale.legal_basis,
            "currency": locale.currency,
            **{name: _number(getattr(locale, name)) for name in money},
        }
        for locale in study.locales.order_by("country", "language")
    ]


def render_consent(document: ConsentDocument) -> dict[str, Any]:
    return {
        **_values(document, ("key", "version")),
        **{field: _texts(document, field) for field in ("title", "intro")},
        "statements": [
            {
                **_values(statement, ("purpose", "required")),
                "text": _texts(statement, "text"),
            }
            for statement in document.statements.order_by("position")
        ],
    }


def _instruments(study: Study) -> dict[str, Any]:
    """Further ones are named only where there are any: older plans keep their hash."""
    known = Instrument.objects.in_bulk([item["instrument"] for item in study.placements])
    further = [
        {
            **render_instrument(known[item["instrument"]]),
            "placement": item["at"],
            **({"after": item["after"]} if "after" in item else {}),
        }
        for item in study.placements
    ]
    return {
        "quota": render_instrument(study.quota_instrument),
        "closing": render_instrument(study.closing_instrument),
        **({"further": further} if further else {}),
    }


def render_instrument(instrument: Instrument) -> dict[str, Any]:
    questions = instrument.questions.order_by("position", "pk").prefetch_related("options")
    return {
        **_values(instrument, ("key", "version")),
        "title": _texts(instrument, "title"),
        "questions": [_question(question) for question in questions],
    }


def _question(question: Question) -> dict[str, Any]:
    limits = ("code", "kind", "country", "minimum", "maximum", "special_category", "expected")
    return {
        **_values(question, limits),
        "text": _texts(question, "text"),
        **({"help": _texts(question, "help")} if any(_texts(question, "help").values()) else {}),
        "options": [
            {"code": option.code, "label": _texts(option, "label")}
            for option in question.options.all()
        ],
    }


def _samplers(study: Study) -> list[Sampler]:
    used = {study.pool_sampler_id, study.live_sampler_id}
    used |= set(study.further_arms.values_list("pk", flat=True))
    samplers = Sampler.objects.filter(pk__in=used).order_by("key", "version")
    return list(samplers.select_related("endpoint").prefetch_related("further_endpoints"))


def render_sampler(sampler: Sampler) -> dict[str, Any]:
    return {
        **_values(sampler, SAMPLER),
        "endpoint": sampler.endpoint.key,
        "further_endpoints": sorted(one.key for one in sampler.further_endpoints.all()),
    }


def _endpoints(samplers: list[Sampler]) -> list[dict[str, Any]]:
    used: dict[str, ModelEndpoint] = {}
    for sampler in samplers:
        for endpoint in (sampler.endpoint, *sampler.further_endpoints.all()):
            used[endpoint.key] = endpoint
    return [
        {
            **_values(used[key], ENDPOINT),
            "price_prompt": _number(used[key].price_prompt),
            "price_completion": _number(used[key].price_completion),
        }
        for key in sorted(used)
    ]


def _budget(budget: Budget) -> dict[str, Any]:
    return {
        "key": budget.key,
        "limit": _number(budget.limit),
        "daily_limit": _number(budget.daily_limit),
    }


def _pool(pool: PromptPool) -> dict[str, Any]:
    return {"key": pool.key, "prompts": definition_of_rows(rows_of(pool))}


def _values(record: models.Model, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _texts(record: models.Model, field: str) -> Mapping[str, str]:
    """One field in every language of the interface."""
    return {
        code: getattr(record, f"{field}_{code.replace('-', '_')}") or ""
        for code, _name in settings.LANGUAGES
    }


def _number(amount: object) -> str | None:
    return None if amount is None else str(amount)

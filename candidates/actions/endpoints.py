"""Endpoints and budgets are stored, as a study's definition says them."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.versions import put_version
from candidates import addresses
from candidates.models import Budget, CandidateSet, ModelEndpoint


def store_endpoint(definition: dict[str, Any], *, rewrite: bool = False) -> ModelEndpoint:
    """Where responses come from, from a study's definition.

    With `rewrite` a changed one replaces the stored one, unless sets were asked of it.
    """
    base_url = definition.get("base_url", "")
    fault = addresses.find_fault(base_url) if base_url else ""
    if fault:
        raise ValidationError(fault)
    asked = CandidateSet.objects.filter(
        Q(sampler__endpoint__key=definition["key"])
        | Q(sampler__further_endpoints__key=definition["key"])
    )
    return put_version(
        ModelEndpoint,
        identity={"key": definition["key"]},
        rewrite=rewrite and not asked.exists(),
        values={
            "base_url": base_url,
            "model": definition.get("model", ""),
            "api_key_variable": definition.get("api_key_variable", "OPENAI_API_KEY"),
            "parameters": definition.get("parameters", {}),
            "timeout_seconds": definition.get("timeout_seconds", 60),
            "requests_per_minute": definition.get("requests_per_minute"),
            "tokens_per_minute": definition.get("tokens_per_minute"),
            "concurrency": definition.get("concurrency", 64),
            "price_prompt": Decimal(str(definition.get("price_prompt", 0))),
            "price_completion": Decimal(str(definition.get("price_completion", 0))),
            "embedding_model": definition.get("embedding_model", ""),
            "moderation_model": definition.get("moderation_model", ""),
        },
    )


def store_budget(definition: dict[str, Any]) -> Budget:
    """Money that generation may spend. A budget may be raised: its limits are updated."""
    daily = definition.get("daily_limit")
    budget, _created = Budget.objects.update_or_create(
        key=definition["key"],
        defaults={
            "limit": Decimal(str(definition["limit"])),
            "daily_limit": None if daily is None else Decimal(str(daily)),
        },
    )
    return budget

"""Every write about candidate sets that somebody asks for."""

import hashlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.versions import store_version
from candidates import addresses
from candidates.models import (
    Budget,
    CandidateSet,
    ModelEndpoint,
    Prompt,
    PromptPool,
    PromptText,
    Sampler,
)
from candidates.samplers import Message
from candidates.samplers import find_fault as find_sampler_fault
from candidates.tasks import generate_candidate_set


def request_pool_set(
    *,
    prompt_text: PromptText,
    sampler: Sampler,
    replicate: int = 0,
    budget: Budget | None = None,
    enqueue: bool = True,
) -> CandidateSet:
    """The frozen set of a prompt text for a sampler version; a second call finds the first."""
    context = [{"role": "user", "content": prompt_text.text}]
    candidate_set, created = CandidateSet.objects.get_or_create(
        prompt_text=prompt_text,
        sampler=sampler,
        replicate=replicate,
        refused_for=None,
        defaults={
            "language": prompt_text.language,
            "context": context,
            "context_hash": hash_context(context),
            "seed": _seed(f"{prompt_text.prompt.key} {prompt_text.language} {replicate}"),
            "budget": budget,
        },
    )
    if created and enqueue:
        _enqueue_on_commit(candidate_set)
    return candidate_set


def request_live_set(
    *, sampler: Sampler, language: str, context: list[Message], seed: int
) -> CandidateSet:
    """A new set that answers a conversation as it stands. The caller keeps it with its turn."""
    candidate_set = CandidateSet.objects.create(
        sampler=sampler,
        language=language,
        context=context,
        context_hash=hash_context(context),
        seed=seed,
        urgent=True,
    )
    _enqueue_on_commit(candidate_set)
    return candidate_set


def retry_failed_set(*, candidate_set: CandidateSet) -> None:
    """Opens a failed set for new attempts; does nothing for any other."""
    changed = CandidateSet.objects.filter(
        pk=candidate_set.pk, status=CandidateSet.Status.FAILED
    ).update(
        status=CandidateSet.Status.PENDING,
        rounds=F("rounds") + 1,
        reasons=[],
        leased_until=timezone.now(),
    )
    if changed:
        _enqueue_on_commit(candidate_set)


def _enqueue_on_commit(candidate_set: CandidateSet) -> None:
    """What a person waits for has a queue of its own."""
    queue = "live" if candidate_set.urgent else "generation"
    transaction.on_commit(
        lambda: generate_candidate_set.apply_async((candidate_set.pk,), queue=queue)
    )


def hash_context(context: list[Message]) -> str:
    """SHA-256 over the messages as canonical JSON."""
    text = json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31


def store_endpoint(definition: dict[str, Any]) -> ModelEndpoint:
    """Where responses come from, from a study's definition."""
    base_url = definition.get("base_url", "")
    fault = addresses.find_fault(base_url) if base_url else ""
    if fault:
        raise ValidationError(fault)
    return store_version(
        ModelEndpoint,
        identity={"key": definition["key"]},
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


def store_sampler(
    definition: dict[str, Any], *, endpoint: ModelEndpoint, further: Sequence[ModelEndpoint] = ()
) -> Sampler:
    """One version of a sampler, from a definition. Raises ValidationError, storing nothing."""
    strategy = Sampler.Strategy(definition["strategy"])
    values: dict[str, Any] = {
        "strategy": strategy,
        "n": definition["n"],
        "endpoint": endpoint,
        "instructions": definition.get("instructions", {}),
        "format_instructions": definition["format_instructions"],
        "parameters": definition.get("parameters", {}),
        "words_min": definition["words_min"],
        "words_max": definition["words_max"],
        "max_attempts": definition.get("max_attempts", 3),
        "oversample": definition.get("oversample", 0),
        "poles": definition.get("poles", {}),
        "anchor": definition.get("anchor", False),
        "thresholds": definition.get("thresholds", {}),
        "tolerated_languages": definition.get("tolerated_languages", {}),
        "control_share": definition.get("control_share", 0.1),
    }
    fault = find_sampler_fault(
        strategy=strategy,
        n=values["n"],
        oversample=values["oversample"],
        instructions=values["instructions"],
        format_instructions=values["format_instructions"],
        poles=values["poles"],
        endpoints=1 + len(further),
        default=strategy == Sampler.Strategy.NC_DEFAULT or values["anchor"],
    )
    if fault:
        raise ValidationError(f"Sampler {definition['key']}: {fault}")
    sampler = store_version(
        Sampler,
        identity={"key": definition["key"], "version": definition["version"]},
        values=values,
    )
    sampler.further_endpoints.add(*further)
    return sampler


def store_pool(definition: dict[str, Any]) -> PromptPool:
    """A prompt pool with every text, from a study's definition."""
    pool, _created = PromptPool.objects.get_or_create(key=definition["key"])
    for item in definition["prompts"]:
        prompt, _created = Prompt.objects.get_or_create(pool=pool, key=item["key"])
        for language, text in item["texts"].items():
            store_version(
                PromptText,
                identity={
                    "prompt": prompt,
                    "language": language,
                    "version": item.get("version", 1),
                },
                values={
                    "text": text.strip(),
                    "stage": PromptText.Stage(item.get("stage", "unreviewed")),
                },
            )
    return pool

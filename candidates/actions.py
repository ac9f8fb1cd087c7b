"""Every write about candidate sets that somebody asks for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.versions import put_version, store_version
from candidates import addresses, diversity, tasks
from candidates.models import (
    Budget,
    CandidateSet,
    ModelEndpoint,
    Prompt,
    PromptPool,
    PromptText,
    Sampler,
)
from candidates.pools.rows import PromptRow
from candidates.samplers import Message
from candidates.samplers import find_fault as find_sampler_fault


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
        parallel_to=None,
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
    """Opens a failed set for new attempts; does nothing for any other, or for an erased one."""
    failed = CandidateSet.objects.filter(pk=candidate_set.pk, status=CandidateSet.Status.FAILED)
    changed = failed.exclude(context=[]).update(
        status=CandidateSet.Status.PENDING,
        rounds=F("rounds") + 1,
        reasons=[],
        leased_until=timezone.now(),
    )
    if changed:
        _enqueue_on_commit(candidate_set)


def _enqueue_on_commit(candidate_set: CandidateSet) -> None:
    transaction.on_commit(lambda: tasks.enqueue(candidate_set.pk, urgent=candidate_set.urgent))


def hash_context(context: list[Message]) -> str:
    """SHA-256 over the messages as canonical JSON."""
    text = json.dumps(context, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31


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


def store_sampler(
    definition: dict[str, Any], *, endpoint: ModelEndpoint, further: Sequence[ModelEndpoint] = ()
) -> Sampler:
    """One version of a sampler, from a definition. Raises ValidationError, storing nothing."""
    values = sampler_values(definition)
    fault = find_sampler_fault(
        strategy=values["strategy"],
        n=values["n"],
        oversample=values["oversample"],
        instructions=values["instructions"],
        format_instructions=values["format_instructions"],
        poles=values["poles"],
        endpoints=1 + len(further),
        default=values["strategy"] == Sampler.Strategy.NC_DEFAULT or values["anchor"],
    )
    if fault:
        raise ValidationError(f"Sampler {definition['key']}: {fault}")
    sampler = store_version(
        Sampler,
        identity={"key": definition["key"], "version": definition["version"]},
        values=values | {"endpoint": endpoint},
    )
    sampler.further_endpoints.add(*further)
    return sampler


def sampler_values(definition: dict[str, Any]) -> dict[str, Any]:
    """What a sampler's definition says, and what holds where it says nothing."""
    return {
        "strategy": Sampler.Strategy(definition["strategy"]),
        "n": definition["n"],
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


@dataclass(frozen=True)
class StoredPrompts:
    """What an import did with the rows: a text was new, a note on it changed, or neither."""

    new: int
    changed: int
    unchanged: int


@transaction.atomic
def store_prompts(*, pool_key: str, rows: Sequence[PromptRow]) -> StoredPrompts:
    """Stores the rows of a file in a pool; storing them again changes nothing.

    A stored text is never rewritten: another text needs another version. Topics and
    stage follow the rows, where they say any; an original is noted once. Raises
    ValidationError with the row's place, and then nothing is stored.
    """
    PromptPool.objects.get_or_create(key=pool_key)
    pool = PromptPool.objects.select_for_update().get(key=pool_key)
    prompts = {prompt.key: prompt for prompt in pool.prompts.all()}
    missing = {row.key: Prompt(pool=pool, key=row.key) for row in rows if row.key not in prompts}
    prompts |= {prompt.key: prompt for prompt in Prompt.objects.bulk_create(missing.values())}
    texts = {
        (text.prompt.key, text.language, text.version): text
        for text in PromptText.objects.filter(prompt__pool=pool).select_related("prompt")
    }
    new = _store_texts(rows, prompts, texts)
    changed = _note_stages(rows, texts) | _note_originals(rows, texts) | _note_topics(rows, prompts)
    return StoredPrompts(
        new=len(new), changed=len(changed - new), unchanged=len(rows) - len(new | changed)
    )


_Texts = dict[tuple[str, str, int], PromptText]  # by key, language and version


def _store_texts(
    rows: Sequence[PromptRow], prompts: dict[str, Prompt], texts: _Texts
) -> set[PromptRow]:
    """Writes the texts that are not there yet, adds them to `texts`, returns their rows."""
    new = []
    for row in rows:
        stored = texts.get(row.identity)
        if stored is None:
            if prompts[row.key].retired_at:
                raise ValidationError(
                    f"{row.place}: {row.key} is retired. Give a new prompt a key of its own."
                )
            new.append(row)
        elif stored.text != row.text:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} differs from the stored version "
                f"{row.version}. Give the changed text a new version."
            )
    created = PromptText.objects.bulk_create(
        PromptText(
            prompt=prompts[row.key],
            language=row.language,
            version=row.version,
            text=row.text,
            stage=row.stage or PromptText.Stage.UNREVIEWED,
        )
        for row in new
    )
    texts |= {row.identity: text for row, text in zip(new, created, strict=True)}
    return set(new)


def _note_stages(rows: Sequence[PromptRow], texts: _Texts) -> set[PromptRow]:
    changed = {row for row in rows if row.stage and texts[row.identity].stage != row.stage}
    for row in changed:
        texts[row.identity].stage = row.stage
    PromptText.objects.bulk_update([texts[row.identity] for row in changed], ["stage"])
    return changed


def _note_originals(rows: Sequence[PromptRow], texts: _Texts) -> set[PromptRow]:
    """Notes what a text was translated from: the version that its row says, else the newest.

    A text that has an original of that language already keeps it, or importing the same
    file after a new version of the original would hide that the translation is stale.
    """
    newest: dict[tuple[str, str], int] = {}
    for key, language, version in texts:
        newest[key, language] = max(version, newest.get((key, language), 0))
    by_id = {text.pk: text for text in texts.values()}
    changed = set()
    for row in rows:
        if not row.translated_from:
            continue
        text = texts[row.identity]
        noted = by_id[text.translated_from_id] if text.translated_from_id else None
        if noted and noted.language == row.translated_from and not row.source_version:
            continue
        version = row.source_version or newest.get((row.key, row.translated_from), 1)
        original = texts.get((row.key, row.translated_from, version))
        if original is None:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} is translated from "
                f"{row.translated_from} version {version}, which is neither in the file "
                "nor stored."
            )
        if noted and noted != original:
            raise ValidationError(
                f"{row.place}: {row.key} in {row.language} is stored as translated from "
                f"{noted.language} version {noted.version}. Give a new translation a new version."
            )
        if noted is None:
            text.translated_from = original
            changed.add(row)
    PromptText.objects.bulk_update([texts[row.identity] for row in changed], ["translated_from"])
    return changed


def _note_topics(rows: Sequence[PromptRow], prompts: dict[str, Prompt]) -> set[PromptRow]:
    changed = {row for row in rows if row.topics and prompts[row.key].topics != list(row.topics)}
    for row in changed:
        prompts[row.key].topics = list(row.topics)
    Prompt.objects.bulk_update({prompts[row.key] for row in changed}, ["topics"])
    return changed


def retire(*, prompt: Prompt, why: str, replaced_by: Prompt | None = None) -> None:
    """Takes a prompt out of use; a second call keeps the first date and reason.

    The caller holds the prompt's lock, and frees what was planned with it. Raises
    ValidationError without a reason, or where another replacement is noted already.
    """
    if not 1 <= len(why.strip()) <= 300:
        raise ValidationError("Say why the prompt is retired, in 1 to 300 letters.")
    if replaced_by and prompt.replaced_by not in (None, replaced_by):
        raise ValidationError(f"{prompt} is replaced by {prompt.replaced_by} already.")
    if prompt.retired_at is None:
        prompt.retired_at, prompt.retired_why = timezone.now(), why.strip()
    prompt.replaced_by = replaced_by or prompt.replaced_by
    prompt.save(update_fields=["retired_at", "retired_why", "replaced_by"])


@transaction.atomic
def calibrate_sampler(*, sampler: Sampler, null: Sampler, quantile: float) -> Sampler:
    """A new version of a sampler: a set is shown if it is less alike than all but this share
    of the null's sets in its language. Raises ValidationError where the null is too small.
    """
    if null.strategy != Sampler.Strategy.TEMPERATURE:
        raise ValidationError(f"{null} is no temperature sampler, so its sets are no null.")
    thresholds: dict[str, dict[str, float]] = {}
    sets = CandidateSet.objects.ready().filter(sampler=null)
    for language in sorted(set(sets.values_list("language", flat=True))):
        measured = list(sets.filter(language=language).values_list("measures", flat=True))
        for name in ("lexical", "semantic"):
            values = [measures[name]["mean"] for measures in measured if measures.get(name)]
            if not values:
                continue  # what nobody measured can have no threshold
            try:
                threshold = diversity.null_threshold(values, quantile)
            except ValueError as error:
                raise ValidationError(f"{null} in {language}: {error}.") from error
            thresholds.setdefault(language, {})[name] = threshold
    if not thresholds:
        raise ValidationError(f"{null} has no ready sets: generate some first.")
    return _next_version(sampler, thresholds)


def _next_version(sampler: Sampler, thresholds: dict[str, dict[str, float]]) -> Sampler:
    further = list(sampler.further_endpoints.all())
    newest = Sampler.objects.filter(key=sampler.key).order_by("-version")[0]
    made = Sampler.objects.get(pk=sampler.pk)
    made.pk = None
    made._state.adding = True
    made.version, made.thresholds = newest.version + 1, thresholds
    made.save()
    made.further_endpoints.add(*further)
    return made

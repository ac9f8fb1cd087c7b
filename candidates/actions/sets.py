"""Candidate sets are asked for, and asked for again."""

import hashlib
import json

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from candidates import tasks
from candidates.models import Budget, CandidateSet, PromptText, Sampler
from candidates.samplers import Message


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

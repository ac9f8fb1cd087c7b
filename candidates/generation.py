"""One candidate set, from sampler to stored result.

Safe to run twice and to be killed anywhere: a set is claimed by one conditional
UPDATE for a limited time, every answer that was paid for is stored before anything
is done with it and used again by the next run, and the final write checks that the
set is still waiting.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from candidates import llm, samplers
from candidates.models import Candidate, CandidateSet, Generation
from candidates.validity import find_defects

MAX_PROVIDER_ERRORS = 8
MAX_WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `again_in` is set where another run is due after that many seconds."""

    status: str
    again_in: float | None = None


def complete_candidate_set(set_id: int) -> Outcome:
    """Makes one attempt at a pending set; does nothing for any other."""
    claimed = (
        CandidateSet.objects.due()
        .filter(pk=set_id)
        .update(leased_until=timezone.now() + timedelta(seconds=settings.GENERATION_LEASE_SECONDS))
    )
    if not claimed:
        return Outcome("not due")
    candidate_set = CandidateSet.objects.select_related("sampler__endpoint").get(pk=set_id)
    calls = samplers.plan_calls(
        candidate_set.sampler,
        language=candidate_set.language,
        context=candidate_set.context,
        seed=(candidate_set.seed + candidate_set.attempts) % 2**31,
    )
    answers = []
    for call in calls:
        try:
            answers.append(_stored_answer(candidate_set, call) or _ask(candidate_set, call))
        except llm.ProviderError as error:
            return _after_provider_error(candidate_set, error)
    return _finish_attempt(candidate_set, calls, answers)


def _stored_answer(candidate_set: CandidateSet, call: samplers.Call) -> Generation | None:
    """The answer that a killed run had already paid for."""
    return candidate_set.generations.filter(
        attempt=candidate_set.attempts, part=call.part, error=""
    ).first()


def _ask(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    generation = Generation(
        candidate_set=candidate_set,
        attempt=candidate_set.attempts,
        part=call.part,
        endpoint=candidate_set.sampler.endpoint,
        request={
            "messages": call.messages,
            "parameters": call.parameters,
            "response_format": call.response_format,
        },
    )
    started = time.monotonic()
    try:
        reply = llm.complete(
            candidate_set.sampler.endpoint,
            messages=call.messages,
            parameters=call.parameters,
            response_format=call.response_format,
        )
    except llm.ProviderError as error:
        generation.error = str(error)
        raise
    else:
        generation.raw = reply.text
        generation.model_returned = reply.model
        generation.finish_reason = reply.finish_reason
        generation.prompt_tokens = reply.prompt_tokens
        generation.completion_tokens = reply.completion_tokens
        generation.canned = reply.canned
        found = len(samplers.parse_parts(call, reply.text))
        generation.parse_result = f"{found} of {call.expected} responses"
    finally:
        generation.latency_ms = round((time.monotonic() - started) * 1000)
        generation.save()
    return generation


def _after_provider_error(candidate_set: CandidateSet, error: llm.ProviderError) -> Outcome:
    """Waits and tries again after a passing fault; gives up after a lasting one."""
    errors = candidate_set.generations.exclude(error="").count()
    waiting = CandidateSet.objects.filter(pk=candidate_set.pk, status=CandidateSet.Status.PENDING)
    if not error.transient or errors >= MAX_PROVIDER_ERRORS * candidate_set.rounds:
        waiting.update(status=CandidateSet.Status.FAILED, reasons=[str(error)])
        return Outcome("failed")
    wait = min(max(error.retry_after or 0.0, 0.5 * 2**errors), MAX_WAIT_SECONDS)
    waiting.update(leased_until=timezone.now() + timedelta(seconds=wait))
    return Outcome("waiting", again_in=wait)


def _finish_attempt(
    candidate_set: CandidateSet, calls: list[samplers.Call], answers: list[Generation]
) -> Outcome:
    candidates: list[Candidate] = []
    for call, answer in zip(calls, answers, strict=True):
        for index, text in enumerate(samplers.parse_parts(call, answer.raw)):
            candidates.append(
                Candidate(
                    candidate_set=candidate_set,
                    position=len(candidates),
                    text=text,
                    source=call.source,
                    generation=answer,
                    generation_index=index,
                    language=candidate_set.language,
                )
            )
    sampler = candidate_set.sampler
    reasons = find_defects(
        [candidate.text for candidate in candidates],
        n=sampler.n,
        language=candidate_set.language,
        words_min=sampler.words_min,
        words_max=sampler.words_max,
        finish_reasons=[answer.finish_reason for answer in answers],
    )
    with transaction.atomic():
        waiting = CandidateSet.objects.select_for_update().filter(
            pk=candidate_set.pk,
            status=CandidateSet.Status.PENDING,
            attempts=candidate_set.attempts,
        )
        if not waiting.exists():
            return Outcome("another worker was first")
        if reasons:
            return _refuse(candidate_set, reasons)
        Candidate.objects.bulk_create(candidates)
        waiting.update(status=CandidateSet.Status.READY, ready_at=timezone.now())
    return Outcome("ready")


def _refuse(candidate_set: CandidateSet, reasons: list[str]) -> Outcome:
    """Keeps the attempt as a row of its own, with generations and reasons, never candidates."""
    refused = CandidateSet.objects.create(
        prompt_text=candidate_set.prompt_text,
        sampler=candidate_set.sampler,
        replicate=candidate_set.replicate,
        language=candidate_set.language,
        context=candidate_set.context,
        context_hash=candidate_set.context_hash,
        seed=candidate_set.seed,
        urgent=candidate_set.urgent,
        status=CandidateSet.Status.REFUSED,
        attempts=candidate_set.attempts,
        refused_for=candidate_set,
        reasons=reasons,
    )
    candidate_set.generations.filter(attempt=candidate_set.attempts).update(candidate_set=refused)
    candidate_set.attempts += 1
    candidate_set.leased_until = timezone.now()
    allowed = candidate_set.sampler.max_attempts * candidate_set.rounds
    exhausted = candidate_set.attempts >= allowed
    if exhausted:
        candidate_set.status = CandidateSet.Status.FAILED
        candidate_set.reasons = ["no attempt passed the checks", *reasons]
    candidate_set.save(update_fields=["attempts", "leased_until", "status", "reasons"])
    return Outcome("failed") if exhausted else Outcome("refused", again_in=0.0)

"""One candidate set, from sampler to stored result.

Safe to run twice and to be killed anywhere: a set is claimed by one conditional
UPDATE for a limited time, every answer that was paid for is stored before anything
is done with it and used again by the next run, and the final write checks that the
set is still waiting. No transaction and no connection is held while a provider is
asked.
"""

import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from candidates import budgets, capability, diversity, endpoints, limits, llm, samplers
from candidates.models import (
    Anchor,
    Candidate,
    CandidateSet,
    Generation,
    ModelEndpoint,
    PromptText,
)
from candidates.moderation import find_unsafe
from candidates.validity import find_defects, find_text_defects

MAX_PROVIDER_ERRORS = 8
SEEDS_PER_ATTEMPT = 1000
MAX_WAIT_SECONDS = 120.0
WAIT_FOR_MONEY_SECONDS = 600.0
LONGEST_LIVE_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `again_in` is set where another run is due after that many seconds."""

    status: str
    again_in: float | None = None


@dataclass(frozen=True)
class Draft:
    """A text that may become a candidate, with where it came from."""

    call: samplers.Call
    generation: Generation
    index: int
    text: str


def complete_candidate_set(set_id: int) -> Outcome:
    """Makes one attempt at a pending set; does nothing for any other."""
    claimed = (
        CandidateSet.objects.due()
        .filter(pk=set_id)
        .update(leased_until=timezone.now() + timedelta(seconds=settings.GENERATION_LEASE_SECONDS))
    )
    if not claimed:
        return Outcome("not due")
    candidate_set = CandidateSet.objects.select_related(
        "sampler__endpoint", "budget", "prompt_text", "parallel_to"
    ).get(pk=set_id)
    empty = budgets.find_exhausted(candidate_set.budget)
    if empty:
        return _wait_for_money(candidate_set, empty)
    try:
        answers = [(call, _answer(candidate_set, call)) for call in _plan(candidate_set)]
        return _finish_attempt(candidate_set, answers)
    except limits.NothingLeft as wait:
        return _wait(candidate_set, wait.seconds)
    except llm.ProviderError as error:
        return _after_provider_error(candidate_set, error)


def _plan(candidate_set: CandidateSet) -> list[samplers.Call]:
    sampler = candidate_set.sampler
    endpoints.check_rest(sampler.endpoint)
    form = ""
    if sampler.strategy in samplers.ONE_GENERATION or candidate_set.parallel_to_id:
        release_connection()
        try:
            form = capability.output_form(sampler.endpoint)
        except llm.ProviderError as error:
            _note_fault(candidate_set, sampler.endpoint, "what form it answers in", error)
            raise
    # Apart by more than any attempt draws, so that no attempt repeats another's seeds.
    seed = (candidate_set.seed + SEEDS_PER_ATTEMPT * candidate_set.attempts) % 2**31
    language = candidate_set.language
    if candidate_set.parallel_to:
        texts = [c.text for c in _originals(candidate_set)]
        return samplers.plan_translation(sampler, texts, language=language, seed=seed, form=form)
    return samplers.plan_calls(
        sampler, language=language, context=candidate_set.context, seed=seed, form=form
    )


def _note_fault(
    candidate_set: CandidateSet, endpoint: ModelEndpoint, asked: str, error: llm.ProviderError
) -> None:
    """Counts a fault of a call that makes no candidates: it, too, must come to an end."""
    Generation.objects.create(
        candidate_set=candidate_set,
        attempt=candidate_set.attempts,
        part=Generation.Part.DIVERSE,
        endpoint=endpoint,
        request={"asked": asked},
        error=str(error),
    )
    if error.transient:
        endpoints.note_fault(endpoint)


def _originals(candidate_set: CandidateSet) -> list[Candidate]:
    """The candidates that a parallel set translates, in their order."""
    assert candidate_set.parallel_to is not None
    return list(candidate_set.parallel_to.candidates.order_by("position"))


def _answer(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    """The answer to one call: shared as the arms' anchor, stored by a killed run, or asked for."""
    if _is_anchor(candidate_set, call):
        anchor = Anchor.objects.filter(prompt_text=candidate_set.prompt_text).first()
        if anchor:
            return anchor.generation
    stored = candidate_set.generations.filter(
        attempt=candidate_set.attempts, part=call.part, draw=call.draw, error=""
    ).first()
    return stored or _ask(candidate_set, call)


def _is_anchor(candidate_set: CandidateSet, call: samplers.Call) -> bool:
    """Whether this call's answer is shared by all arms; a live set has no arms."""
    default = call.part == Generation.Part.DEFAULT
    return default and candidate_set.sampler.anchor and candidate_set.prompt_text is not None


def _parts(call: samplers.Call, answer: Generation) -> list[str]:
    if call.parts is None:
        return [answer.raw.strip()]
    return llm.parse_responses(answer.raw, call.endpoint.structured_output)


def _ask(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    endpoints.check_rest(call.endpoint)
    generation = Generation(
        candidate_set=candidate_set,
        attempt=candidate_set.attempts,
        part=call.part,
        draw=call.draw,
        endpoint=call.endpoint,
        request={
            "messages": call.messages,
            "parameters": call.parameters,
            "form": llm.form_arguments(call.endpoint.structured_output, call.parts)
            if call.parts
            else None,
        },
    )
    started = time.monotonic()
    try:
        with limits.allowance(call.endpoint, tokens=_estimate(candidate_set, call)):
            release_connection()
            reply = llm.complete(
                call.endpoint,
                messages=call.messages,
                parameters=call.parameters,
                parts=call.parts,
                form=call.endpoint.structured_output,
            )
    except llm.ProviderError as error:
        generation.error = str(error)
        generation.latency_ms = _milliseconds(started)
        _keep(generation)
        if error.transient:
            endpoints.note_fault(call.endpoint)
        raise
    endpoints.note_answer(call.endpoint)
    generation.latency_ms = _milliseconds(started)
    generation.raw = reply.text
    generation.model_returned = reply.model
    generation.finish_reason = reply.finish_reason
    generation.prompt_tokens = reply.prompt_tokens
    generation.completion_tokens = reply.completion_tokens
    generation.canned = reply.canned
    generation.cost = budgets.price(call.endpoint, reply)
    generation.parse_result = f"{len(_parts(call, generation))} of {call.expected} responses"
    _keep(generation)
    return generation


@transaction.atomic
def _keep(generation: Generation) -> None:
    """Stores an answer; without its texts where the set was erased while it was made."""
    asked = CandidateSet.objects.select_for_update(no_key=True).get(pk=generation.candidate_set_id)
    if not asked.context:
        generation.request, generation.raw = {}, ""
    generation.save()


def release_connection() -> None:
    """Gives the database connection back to the pool for the seconds a provider takes."""
    if not connection.in_atomic_block:
        connection.close()


def _estimate(candidate_set: CandidateSet, call: samplers.Call) -> int:
    """Tokens of a call, before it is made: two a word sent, two a word allowed."""
    words = sum(len(message["content"].split()) for message in call.messages)
    return 2 * (words + candidate_set.sampler.words_max * call.expected)


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _wait(candidate_set: CandidateSet, seconds: float) -> Outcome:
    """Later again. Somebody who waits in person is told after a minute, and has ways on."""
    if candidate_set.urgent and seconds > LONGEST_LIVE_WAIT_SECONDS:
        _waiting(candidate_set).update(
            status=CandidateSet.Status.FAILED, reasons=["the provider is left alone for a while"]
        )
        return Outcome("failed")
    _waiting(candidate_set).update(leased_until=timezone.now() + timedelta(seconds=seconds))
    # What nobody waits for in person is found again by beat, without a message in memory.
    return Outcome("waiting", again_in=seconds if candidate_set.urgent or seconds < 10 else None)


def _wait_for_money(candidate_set: CandidateSet, reason: str) -> Outcome:
    """Nothing is lost: the set waits until the budget allows it. A person does not."""
    if candidate_set.urgent:
        _waiting(candidate_set).update(status=CandidateSet.Status.FAILED, reasons=[reason])
        return Outcome("failed")
    _waiting(candidate_set).update(
        reasons=[reason], leased_until=timezone.now() + timedelta(seconds=WAIT_FOR_MONEY_SECONDS)
    )
    return Outcome("waiting for money")


def _after_provider_error(candidate_set: CandidateSet, error: llm.ProviderError) -> Outcome:
    """Waits and tries again after a passing fault; gives up after a lasting one."""
    errors = candidate_set.generations.exclude(error="").count()
    if not error.transient or errors >= MAX_PROVIDER_ERRORS * candidate_set.rounds:
        _waiting(candidate_set).update(status=CandidateSet.Status.FAILED, reasons=[str(error)])
        return Outcome("failed")
    back_off = 0.5 * 2**errors * random.uniform(1.0, 1.3)  # so that many do not return at once
    return _wait(candidate_set, min(max(error.retry_after or 0.0, back_off), MAX_WAIT_SECONDS))


def _waiting(candidate_set: CandidateSet) -> Any:
    return CandidateSet.objects.filter(pk=candidate_set.pk, status=CandidateSet.Status.PENDING)


@dataclass(frozen=True)
class Examined:
    """What is left of an attempt's answers, and what speaks against it."""

    kept: list[Draft]
    reasons: list[str]
    measures: dict[str, Any]
    too_similar: list[str]


def _finish_attempt(
    candidate_set: CandidateSet, answers: list[tuple[samplers.Call, Generation]]
) -> Outcome:
    """Stores the set, or the attempt as refused, after it was examined."""
    found = _examine(candidate_set, answers)
    control = bool(candidate_set.sampler.thresholds) and is_control(candidate_set)
    with transaction.atomic():
        waiting = (
            _waiting(candidate_set).select_for_update().filter(attempts=candidate_set.attempts)
        )
        if not waiting.exists():
            return Outcome("another worker was first")
        if found.reasons or (found.too_similar and not control):
            return _refuse(candidate_set, found)
        _store_candidates(candidate_set, found.kept)
        waiting.update(
            status=CandidateSet.Status.READY,
            ready_at=timezone.now(),
            reasons=found.too_similar,
            measures=found.measures,
            control=control,
        )
    return Outcome("ready")


def _examine(
    candidate_set: CandidateSet, answers: list[tuple[samplers.Call, Generation]]
) -> Examined:
    """Selects, checks, measures; what is not valid is not measured."""
    kept, reasons = _check(candidate_set, answers)
    texts = [draft.text for draft in kept]
    if not reasons and candidate_set.urgent:  # pool sets are read by people before a study opens
        release_connection()
        reasons = find_unsafe(texts, candidate_set.language, candidate_set.sampler.endpoint)
    if reasons:
        return Examined(kept, reasons, {}, [])
    measures = diversity.measure(texts, _vectors(candidate_set, texts))
    # A translation differs as much as its original does, which was measured.
    native = candidate_set.parallel_to is None
    limits_of_language = candidate_set.sampler.thresholds.get(candidate_set.language, {})
    too_similar = diversity.too_similar(measures, limits_of_language if native else {})
    return Examined(kept, reasons, measures, too_similar)


def _check(
    candidate_set: CandidateSet, answers: list[tuple[samplers.Call, Generation]]
) -> tuple[list[Draft], list[str]]:
    """The drafts that stay, and the defects found in them."""
    sampler = candidate_set.sampler
    drafts = [
        Draft(call, answer, index, text)
        for call, answer in answers
        for index, text in enumerate(_parts(call, answer))
    ]
    selecting = sampler.oversample and candidate_set.parallel_to is None
    kept = _select(candidate_set, drafts) if selecting else drafts
    told = kept if selecting else [Draft(call, answer, 0, "") for call, answer in answers]
    return kept, find_defects(
        [draft.text for draft in kept],
        n=sampler.n,
        language=candidate_set.language,
        words_min=sampler.words_min,
        words_max=sampler.words_max,
        finish_reasons={draft.generation.finish_reason for draft in told},
        tolerated=sampler.tolerated_languages.get(candidate_set.language, []),
    )


def _select(candidate_set: CandidateSet, drafts: list[Draft]) -> list[Draft]:
    """NC by selection: of the valid draws, the n that differ most; the default always stays."""
    sampler = candidate_set.sampler
    fixed = [draft for draft in drafts if draft.call.part == Generation.Part.DEFAULT]
    free = [
        draft
        for draft in drafts
        if draft not in fixed
        and draft.generation.finish_reason != "length"
        and not find_text_defects(
            draft.text,
            language=candidate_set.language,
            words_min=sampler.words_min,
            words_max=sampler.words_max,
            tolerated=sampler.tolerated_languages.get(candidate_set.language, []),
        )
    ]
    wanted = sampler.n - len(fixed)
    if len(free) <= wanted:
        return free + fixed
    prompt = candidate_set.context[-1]["content"]
    vectors = _vectors(candidate_set, [*(draft.text for draft in free), prompt])
    chosen = diversity.select_diverse(
        [draft.text for draft in free],
        wanted,
        vectors[:-1] if vectors else None,
        prompt=prompt,
        prompt_vector=vectors[-1] if vectors else None,
    )
    return [free[index] for index in sorted(chosen)] + fixed


def _vectors(candidate_set: CandidateSet, texts: list[str]) -> list[list[float]] | None:
    """Embeddings where the endpoint gives any; "not measured" where it does not."""
    endpoint = candidate_set.sampler.endpoint
    if not endpoint.embedding_model:
        return None
    try:
        with limits.allowance(endpoint, tokens=sum(len(text.split()) for text in texts)):
            release_connection()
            return llm.embed(endpoint, texts)
    except llm.ProviderError as error:
        _note_fault(candidate_set, endpoint, "embeddings", error)
        raise


def is_control(candidate_set: CandidateSet) -> bool:
    """Whether the set is of the random share that skips the diversity threshold."""
    draw = random.Random(f"control {candidate_set.seed} {candidate_set.pk}").random()
    return draw < candidate_set.sampler.control_share


def _store_candidates(candidate_set: CandidateSet, drafts: list[Draft]) -> None:
    if candidate_set.parallel_to:
        Candidate.objects.bulk_create(
            original.translated_as(
                candidate_set, draft.generation, draft.text, PromptText.Stage.UNREVIEWED
            )
            for original, draft in zip(_originals(candidate_set), drafts, strict=True)
        )
        return
    drafts = [_share(candidate_set, draft) for draft in drafts]
    Candidate.objects.bulk_create(
        Candidate(
            candidate_set=candidate_set,
            position=position,
            text=draft.text,
            source=draft.call.source,
            pole=draft.call.pole,
            generation=draft.generation,
            generation_index=draft.index,
            language=candidate_set.language,
        )
        for position, draft in enumerate(drafts)
    )


def _share(candidate_set: CandidateSet, draft: Draft) -> Draft:
    """A default response becomes the anchor, or gives way to the one another arm just made."""
    if not _is_anchor(candidate_set, draft.call):
        return draft
    anchor, _created = Anchor.objects.get_or_create(
        prompt_text=candidate_set.prompt_text,
        defaults={"generation": draft.generation, "text": draft.text},
    )
    return Draft(draft.call, anchor.generation, 0, anchor.text)


def _refuse(candidate_set: CandidateSet, found: Examined) -> Outcome:
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
        budget=candidate_set.budget,
        status=CandidateSet.Status.REFUSED,
        attempts=candidate_set.attempts,
        parallel_to=candidate_set.parallel_to,
        refused_for=candidate_set,
        reasons=[*found.reasons, *found.too_similar],
        measures=found.measures,
    )
    candidate_set.generations.filter(attempt=candidate_set.attempts).update(candidate_set=refused)
    candidate_set.attempts += 1
    candidate_set.leased_until = timezone.now()
    exhausted = candidate_set.attempts >= candidate_set.sampler.max_attempts * candidate_set.rounds
    if exhausted and found.reasons:
        candidate_set.status = CandidateSet.Status.FAILED
        candidate_set.reasons = ["no attempt passed the checks", *found.reasons]
    elif exhausted:
        candidate_set.status = CandidateSet.Status.QUARANTINED
        candidate_set.reasons = ["valid, but never diverse enough", *found.too_similar]
    candidate_set.save(update_fields=["attempts", "leased_until", "status", "reasons"])
    if exhausted:
        return Outcome(candidate_set.status)
    return Outcome("refused", again_in=0.0)

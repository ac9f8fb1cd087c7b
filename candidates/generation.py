"""One candidate set, from sampler to stored result.

Safe to run twice and to be killed anywhere: a set is claimed by one conditional
UPDATE for a limited time, every answer that was paid for is stored before anything
is done with it and used again by the next run, and the final write checks that the
set is still waiting. No transaction and no connection is held while a provider is
asked.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from candidates import budgets, capability, endpoints, limits, llm, samplers
from candidates.asking import answer, is_anchor, note_fault, release_connection
from candidates.examining import Draft, Examined, examine
from candidates.models import Anchor, Candidate, CandidateSet, Generation, PromptText

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


def complete_candidate_set(set_id: int) -> Outcome:
    """Makes one attempt at a pending set; does nothing for any other."""
    if not CandidateSet.objects.due().filter(pk=set_id).update(leased_until=_lease_end()):
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


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.GENERATION_LEASE_SECONDS)


def _answer(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    """Held anew for each call: several slow ones together may take longer than the lease, and
    whoever took the set up meanwhile would pay for the last of them again."""
    _waiting(candidate_set).update(leased_until=_lease_end())
    return answer(candidate_set, call)


def _plan(candidate_set: CandidateSet) -> list[samplers.Call]:
    sampler = candidate_set.sampler
    endpoints.check_rest(sampler.endpoint)
    form = ""
    if sampler.strategy in samplers.ONE_GENERATION or candidate_set.parallel_to_id:
        release_connection()
        try:
            form = capability.output_form(sampler.endpoint)
        except llm.ProviderError as error:
            note_fault(candidate_set, sampler.endpoint, "what form it answers in", error)
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


def _originals(candidate_set: CandidateSet) -> list[Candidate]:
    """The candidates that a parallel set translates, in their order."""
    assert candidate_set.parallel_to is not None
    return list(candidate_set.parallel_to.candidates.order_by("position"))


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


def _finish_attempt(
    candidate_set: CandidateSet, answers: list[tuple[samplers.Call, Generation]]
) -> Outcome:
    """Stores the set, or the attempt as refused, after it was examined."""
    found = examine(candidate_set, answers)
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
    if not is_anchor(candidate_set, draft.call):
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

"""What is left of an attempt's answers, and what speaks against it: it is not stored here."""

from dataclasses import dataclass
from typing import Any

from candidates import diversity, samplers
from candidates.asking import embeddings, parts, release_connection
from candidates.models import CandidateSet, Generation
from candidates.moderation import find_unsafe
from candidates.selecting import select_diverse
from candidates.validity import find_defects, find_text_defects


@dataclass(frozen=True)
class Draft:
    """A text that may become a candidate, with where it came from."""

    call: samplers.Call
    generation: Generation
    index: int
    text: str


@dataclass(frozen=True)
class Examined:
    """What is left of an attempt's answers, and what speaks against it."""

    kept: list[Draft]
    reasons: list[str]
    measures: dict[str, Any]
    too_similar: list[str]


def examine(
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
    measures = diversity.measure(texts, embeddings(candidate_set, texts))
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
        for index, text in enumerate(parts(call, answer))
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
    vectors = embeddings(candidate_set, [*(draft.text for draft in free), prompt])
    chosen = select_diverse(
        [draft.text for draft in free],
        wanted,
        vectors[:-1] if vectors else None,
        prompt=prompt,
        prompt_vector=vectors[-1] if vectors else None,
    )
    return [free[index] for index in sorted(chosen)] + fixed

"""The answer to one call: asked for once, and stored before anything is done with it.

No transaction and no connection is held while a provider is asked.
"""

import time

from django.db import connection, transaction

from candidates import budgets, endpoints, limits, llm, samplers
from candidates.answer_forms import form_arguments, parse_responses
from candidates.models import Anchor, CandidateSet, Generation, ModelEndpoint


def answer(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    """The answer to one call: shared as the arms' anchor, stored by a killed run, or asked for."""
    if is_anchor(candidate_set, call):
        anchor = Anchor.objects.filter(prompt_text=candidate_set.prompt_text).first()
        if anchor:
            return anchor.generation
    stored = candidate_set.generations.filter(
        attempt=candidate_set.attempts, part=call.part, draw=call.draw, error=""
    ).first()
    return stored or _ask(candidate_set, call)


def is_anchor(candidate_set: CandidateSet, call: samplers.Call) -> bool:
    """Whether this call's answer is shared by all arms; a live set has no arms."""
    default = call.part == Generation.Part.DEFAULT
    return default and candidate_set.sampler.anchor and candidate_set.prompt_text is not None


def parts(call: samplers.Call, generation: Generation) -> list[str]:
    """The texts of an answer, as its call asked for them."""
    if call.parts is None:
        return [generation.raw.strip()]
    return parse_responses(generation.raw, call.endpoint.structured_output)


def _ask(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    endpoints.check_rest(call.endpoint)
    generation = _unanswered(candidate_set, call)
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
    _note_reply(generation, call, reply)
    _keep(generation)
    return generation


def _unanswered(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
    return Generation(
        candidate_set=candidate_set,
        attempt=candidate_set.attempts,
        part=call.part,
        draw=call.draw,
        endpoint=call.endpoint,
        request={
            "messages": call.messages,
            "parameters": call.parameters,
            "form": form_arguments(call.endpoint.structured_output, call.parts)
            if call.parts
            else None,
        },
    )


def _note_reply(generation: Generation, call: samplers.Call, reply: llm.Reply) -> None:
    generation.raw = reply.text
    generation.model_returned = reply.model
    generation.finish_reason = reply.finish_reason
    generation.prompt_tokens = reply.prompt_tokens
    generation.completion_tokens = reply.completion_tokens
    generation.canned = reply.canned
    generation.cost = budgets.price(call.endpoint, reply)
    generation.parse_result = f"{len(parts(call, generation))} of {call.expected} responses"


@transaction.atomic
def _keep(generation: Generation) -> None:
    """Stores an answer; without its texts where the set was erased while it was made."""
    asked = CandidateSet.objects.select_for_update(no_key=True).get(pk=generation.candidate_set_id)
    if not asked.context:
        generation.request, generation.raw = {}, ""
    generation.save()


def embeddings(candidate_set: CandidateSet, texts: list[str]) -> list[list[float]] | None:
    """Embeddings where the endpoint gives any; "not measured" where it does not."""
    endpoint = candidate_set.sampler.endpoint
    if not endpoint.embedding_model:
        return None
    try:
        with limits.allowance(endpoint, tokens=sum(len(text.split()) for text in texts)):
            release_connection()
            return llm.embed(endpoint, texts)
    except llm.ProviderError as error:
        note_fault(candidate_set, endpoint, "embeddings", error)
        raise


def note_fault(
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

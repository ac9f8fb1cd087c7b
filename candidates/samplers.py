"""Strategies: from a prompt to the calls to make, from a raw answer to its parts.

Pure functions. The diversity instruction follows the one published for the Community
Alignment dataset (arXiv 2507.09650) in idea: one generation, several responses.
"""

import json
from dataclasses import dataclass
from typing import Any

from candidates.models import Candidate, Generation, Sampler

Message = dict[str, str]


@dataclass(frozen=True)
class Call:
    """One request to make: which part of the set it fills, and with how many responses."""

    part: Generation.Part
    source: Candidate.Source
    messages: list[Message]
    expected: int
    parameters: dict[str, Any]
    response_format: dict[str, Any] | None


def plan_calls(sampler: Sampler, *, language: str, context: list[Message], seed: int) -> list[Call]:
    """The calls that make one attempt at a set, in the order of its candidates."""
    with_default = sampler.strategy == Sampler.Strategy.NC_DEFAULT
    diverse = sampler.n - 1 if with_default else sampler.n
    form = sampler.format_instructions[language]
    parameters = {**sampler.endpoint.parameters, **sampler.parameters, "seed": seed}
    calls = [
        Call(
            part=Generation.Part.DIVERSE,
            source=Candidate.Source.NC,
            messages=[
                _system(sampler.instructions[language].format(n=diverse) + "\n" + form),
                *context,
            ],
            expected=diverse,
            parameters=parameters,
            response_format=response_schema(diverse),
        )
    ]
    if with_default:
        calls.append(
            Call(
                part=Generation.Part.DEFAULT,
                source=Candidate.Source.DEFAULT,
                messages=[_system(form), *context],
                expected=1,
                parameters=parameters,
                response_format=None,
            )
        )
    return calls


def response_schema(n: int) -> dict[str, Any]:
    """OpenAI's `response_format` for a JSON object with exactly n texts under `responses`."""
    return {
        "type": "json_schema",
        "json_schema": {
            "name": "responses",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {
                    "responses": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": n,
                        "maxItems": n,
                    }
                },
                "required": ["responses"],
                "additionalProperties": False,
            },
        },
    }


def parse_parts(call: Call, raw: str) -> list[str]:
    """The texts in a raw answer; an answer that is not of the agreed form has none."""
    if call.response_format is None:
        return [raw.strip()]
    try:
        answer = json.loads(raw)
    except ValueError:
        return []
    responses = answer.get("responses") if isinstance(answer, dict) else None
    if not isinstance(responses, list):
        return []
    return [text.strip() for text in responses if isinstance(text, str)]


def _system(text: str) -> Message:
    return {"role": "system", "content": text}

"""Strategies: from a prompt to the calls that make one attempt at a set.

Pure functions of a sampler version. The diversity instruction follows the one
published for the Community Alignment dataset (arXiv 2507.09650) in idea: one
generation, several responses. Every candidate, the default included, gets the same
instruction on length and form, because format would otherwise be confounded with
values (arXiv 2510.26202).
"""

from dataclasses import dataclass, field
from typing import Any

from candidates.answer_forms import form_instruction
from candidates.models import Candidate, Generation, ModelEndpoint, Sampler

Message = dict[str, str]

ONE_GENERATION = {Sampler.Strategy.NC, Sampler.Strategy.NC_DEFAULT}


@dataclass(frozen=True)
class Call:
    """One request to make: the part of the set it fills, and with how many responses.

    `parts` None: one plain text is wanted.
    """

    part: Generation.Part
    draw: int
    source: Candidate.Source
    endpoint: ModelEndpoint
    messages: list[Message]
    parameters: dict[str, Any] = field(default_factory=dict)
    parts: int | None = None
    pole: str = ""

    @property
    def expected(self) -> int:
        return self.parts or 1


def plan_calls(
    sampler: Sampler, *, language: str, context: list[Message], seed: int, form: str
) -> list[Call]:
    """The calls of one attempt, in the order of its candidates.

    `form` is how the sampler's endpoint answers several responses at once. With
    oversampling, m responses are drawn besides the default one, to select from.
    """
    drawn = max(sampler.oversample or sampler.n, sampler.n) - (1 if has_default(sampler) else 0)
    calls = _diverse_calls(
        sampler, language=language, context=context, seed=seed, drawn=drawn, form=form
    )
    if has_default(sampler):
        calls.append(
            Call(
                part=Generation.Part.DEFAULT,
                draw=0,
                source=Candidate.Source.DEFAULT,
                endpoint=sampler.endpoint,
                messages=[_system(sampler.format_instructions[language]), *context],
                # Another seed than any draw's: the plain question is the same.
                parameters=_parameters(sampler, sampler.endpoint, seed + drawn),
            )
        )
    return calls


def has_default(sampler: Sampler) -> bool:
    """Whether one candidate is the plain answer: by strategy, or as the arms' anchor."""
    return sampler.strategy == Sampler.Strategy.NC_DEFAULT or sampler.anchor


def _diverse_calls(
    sampler: Sampler, *, language: str, context: list[Message], seed: int, drawn: int, form: str
) -> list[Call]:
    if sampler.strategy in ONE_GENERATION:
        asked = sampler.instructions[language].format(n=drawn)
        plain = sampler.format_instructions[language]
        system = "\n".join([asked, plain, form_instruction(form, drawn)])
        return [
            Call(
                part=Generation.Part.DIVERSE,
                draw=0,
                source=Candidate.Source.NC,
                endpoint=sampler.endpoint,
                messages=[_system(system), *context],
                parameters=_parameters(sampler, sampler.endpoint, seed),
                parts=drawn,
            )
        ]
    if sampler.strategy == Sampler.Strategy.STEERED:
        return _steered_calls(sampler, language=language, context=context, seed=seed, drawn=drawn)
    return _independent_calls(sampler, language=language, context=context, seed=seed, drawn=drawn)


def _steered_calls(
    sampler: Sampler, *, language: str, context: list[Message], seed: int, drawn: int
) -> list[Call]:
    """One call a pole; with more draws than poles they begin again."""
    plain = sampler.format_instructions[language]
    poles = list(sampler.poles.items())
    return [
        Call(
            part=Generation.Part.STEERED,
            draw=draw,
            source=Candidate.Source.STEERED,
            endpoint=sampler.endpoint,
            messages=[_system(f"{instructions[language]}\n{plain}"), *context],
            parameters=_parameters(sampler, sampler.endpoint, seed + draw),
            pole=pole,
        )
        for draw, (pole, instructions) in enumerate(
            poles[index % len(poles)] for index in range(drawn)
        )
    ]


def _independent_calls(
    sampler: Sampler, *, language: str, context: list[Message], seed: int, drawn: int
) -> list[Call]:
    """Draws from one endpoint, or from each of several in turn."""
    plain = sampler.format_instructions[language]
    endpoints = [sampler.endpoint]
    source = Candidate.Source.TEMPERATURE
    if sampler.strategy == Sampler.Strategy.MULTI_MODEL:
        endpoints += list(sampler.further_endpoints.order_by("pk"))
        source = Candidate.Source.MULTI_MODEL
    return [
        Call(
            part=Generation.Part.DRAW,
            draw=draw,
            source=source,
            endpoint=endpoints[draw % len(endpoints)],
            messages=[_system(plain), *context],
            parameters=_parameters(sampler, endpoints[draw % len(endpoints)], seed + draw),
        )
        for draw in range(drawn)
    ]


LANGUAGE_NAMES = {
    "en": "English",
    "fr": "French",
    "it": "Italian",
    "pt-br": "Brazilian Portuguese",
    "hi": "Hindi",
}


def plan_translation(
    sampler: Sampler, texts: list[str], *, language: str, seed: int, form: str
) -> list[Call]:
    """The one call that translates the texts of a set, in their order."""
    system = "\n".join(
        [
            f"Translate each text into {LANGUAGE_NAMES.get(language, language)}. "
            "Keep its meaning, its tone and its values; add nothing.",
            form_instruction(form, len(texts)),
            sampler.format_instructions[language],
        ]
    )
    return [
        Call(
            part=Generation.Part.TRANSLATION,
            draw=0,
            source=Candidate.Source.NC,  # each text keeps its original's
            endpoint=sampler.endpoint,
            messages=[
                _system(system),
                {"role": "user", "content": "\n\n".join(f"###\n{text}" for text in texts)},
            ],
            parameters=_parameters(sampler, sampler.endpoint, seed),
            parts=len(texts),
        )
    ]


def _parameters(sampler: Sampler, endpoint: ModelEndpoint, seed: int) -> dict[str, Any]:
    return {**endpoint.parameters, **sampler.parameters, "seed": seed % 2**31}


def _system(text: str) -> Message:
    return {"role": "system", "content": text}


def find_fault(
    *,
    strategy: str,
    n: int,
    oversample: int,
    instructions: dict[str, str],
    format_instructions: dict[str, str],
    poles: dict[str, dict[str, str]],
    endpoints: int,
    default: bool,
) -> str:
    """Why a sampler cannot work, as one sentence; empty when it can."""
    if n < 2:
        return f"A set needs two candidates or more, not {n}."
    if oversample and oversample <= n:
        return f"Oversampling draws more than it keeps: {oversample} is not more than {n}."
    if not format_instructions:
        return "A sampler needs a format instruction for each language."
    drawn = (oversample or n) - (1 if default else 0)
    if strategy in ONE_GENERATION and set(instructions) != set(format_instructions):
        return "A sampler needs its instruction in the languages of its format instruction."
    if strategy == Sampler.Strategy.STEERED and len(poles) != (n - 1 if default else n):
        return f"A steered sampler needs one pole a candidate, and has {len(poles)} for {n}."
    if strategy == Sampler.Strategy.STEERED and any(
        set(texts) != set(format_instructions) for texts in poles.values()
    ):
        return "A pole needs its instruction in every language of the sampler."
    if strategy == Sampler.Strategy.MULTI_MODEL and not oversample and endpoints != drawn:
        return f"A multi-model sampler needs one endpoint a draw: {drawn}, not {endpoints}."
    return ""

"""Whether the parts of a file are what the pages of authoring take them for: mappings and lists."""

from collections.abc import Iterator, Mapping
from typing import Any

MAPPING, LIST, ITEMS = "a mapping", "a list", "a list of mappings"
# By path; what stands below a list is looked at in each of its items.
SHAPES = {
    "study": MAPPING,
    **{f"study.{name}": MAPPING for name in (
        "title", "summary", "guidelines", "own_prompt_instruction", "explanation_question",
        "turn_lengths", "practice", "flag_thresholds",
    )},
    "study.practice.answers": LIST,
    **{f"study.{name}": LIST for name in ("modes", "core", "further_arms")},
    **{f"study.{name}": ITEMS for name in ("locales", "waves")},
    "consent": MAPPING,
    **{f"consent.{name}": MAPPING for name in ("title", "intro")},
    "consent.statements": ITEMS,
    "consent.statements.text": MAPPING,
    "instruments": MAPPING,
    **{f"instruments.{name}": MAPPING for name in ("quota", "closing")},
    **{f"instruments.{name}.questions": ITEMS for name in ("quota", "closing")},
    **{f"instruments.{name}.questions.options": ITEMS for name in ("quota", "closing")},
    "instruments.further": ITEMS,
    "instruments.further.questions": ITEMS,
    "instruments.further.questions.options": ITEMS,
    "endpoints": ITEMS,
    "budget": MAPPING,
    "samplers": ITEMS,
    **{f"samplers.{name}": MAPPING for name in (
        "instructions", "format_instructions", "poles", "parameters",
    )},
    "samplers.further_endpoints": LIST,
    "pool": MAPPING,
    "pool.prompts": ITEMS,
    "pool.prompts.texts": MAPPING,
    "pool.retired": LIST,
}  # fmt: skip


def find_misshapen(definition: Mapping[str, Any]) -> str:
    """The first part that is something else, in one sentence; empty: there is none."""
    for path, shape in SHAPES.items():
        for value in _at(definition, path.split(".")):
            if not _has(value, shape):
                return f"In the file, {path} is no study's: it has to be {shape}."
    return ""


def _at(part: Any, names: list[str]) -> Iterator[Any]:
    """Every value at a path; parents are looked at first, so that they are of their shape."""
    if isinstance(part, list):
        for item in part:
            yield from _at(item, names)
    elif not names:
        yield part
    elif part.get(names[0]) is not None:
        value = part[names[0]]
        if len(names) == 1:
            yield value
        else:
            yield from _at(value, names[1:])


def _has(value: Any, shape: str) -> bool:
    if shape == MAPPING:
        return isinstance(value, Mapping)
    items = isinstance(value, list)
    return items and (shape == LIST or all(isinstance(item, Mapping) for item in value))

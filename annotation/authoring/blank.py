"""Where a new study begins: every part it needs, still without words."""

import secrets
from collections.abc import Mapping
from typing import Any

from annotation.authoring.texts import LANGUAGES
from annotation.keys import joined


def no_text() -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, "")


def blank_definition(key: str) -> dict[str, Any]:
    """A definition with the usual settings and empty texts."""
    return {
        "study": {
            "key": key,
            **{name: no_text() for name in _TEXTS},
            "seed": secrets.randbelow(10**9),
            "lease_minutes": 20,
            "pool_conversations": 2,
            "own_conversations": 1,
            "turn_lengths": {"2": 2, "3": 1, "4": 1},
            "modes": ["ranking"],
            "expected_minutes": 30,
            "waves": [{"number": 1, "explanations": "optional"}],
            "locales": [],
            "pool_sampler": "",
            "live_sampler": "",
        },
        "consent": {
            "key": key,
            "version": 1,
            "title": no_text(),
            "intro": no_text(),
            "statements": [{"purpose": "take_part", "required": True, "text": no_text()}],
        },
        "instruments": {
            "quota": _instrument(joined(key, "screening")),
            "closing": _instrument(joined(key, "closing")),
        },
        "endpoints": [{"key": endpoint_key(key)}],
        "samplers": [],
        "pool": {"key": key, "prompts": []},
    }


def endpoint_key(study: str) -> str:
    """Of the endpoint that a study begins with: its own, whatever another one's settings are."""
    return joined(study, "provider")


_TEXTS = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")


def _instrument(key: str) -> dict[str, Any]:
    return {"key": key, "version": 1, "title": no_text(), "questions": []}


def complete(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with whatever it lacks to be shown; a file may leave out much."""
    blank = blank_definition(str(definition.get("study", {}).get("key", "")))
    whole: dict[str, Any] = _filled(blank, definition)
    return whole


def _filled(blank: Any, given: Any) -> Any:
    if not isinstance(blank, Mapping) or not isinstance(given, Mapping) or "2" in blank:
        return given
    filled = dict(given)
    for name, value in blank.items():
        filled[name] = _filled(value, given[name]) if given.get(name) is not None else value
    return filled

"""What a version of a consent text, a questionnaire or a sampler says, in one form.

A file may leave out what has a usual value; rows hold everything. Two are the same version
where these forms are equal.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from candidates.actions.samplers import sampler_values

Part = Mapping[str, Any]


def consent_contents(document: Part) -> dict[str, Any]:
    return {
        "title": _texts(document["title"]),
        "intro": _texts(document["intro"]),
        "statements": [
            {
                "purpose": str(statement["purpose"]),
                "required": bool(statement.get("required", False)),
                "text": _texts(statement["text"]),
            }
            for statement in document["statements"]
        ],
    }


def instrument_contents(instrument: Part) -> dict[str, Any]:
    return {
        "title": _texts(instrument["title"]),
        "questions": [_question(question) for question in instrument["questions"]],
    }


def _question(question: Part) -> dict[str, Any]:
    return {
        "code": str(question["code"]),
        "kind": str(question["kind"]),
        "country": question.get("country") or "",
        "minimum": question.get("minimum"),
        "maximum": question.get("maximum"),
        "special_category": bool(question.get("special_category", False)),
        "expected": question.get("expected") or "",
        "text": _texts(question["text"]),
        "help": _texts(question.get("help") or {}),
        "options": [
            {"code": str(option["code"]), "label": _texts(option["label"])}
            for option in question.get("options") or []
        ],
    }


def sampler_contents(sampler: Part) -> dict[str, Any]:
    return {
        **sampler_values(dict(sampler)),
        "endpoint": sampler["endpoint"],
        "further_endpoints": sorted(sampler.get("further_endpoints") or []),
    }


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {code: (texts.get(code) or "").strip() for code, _name in settings.LANGUAGES}

"""What in a study's definition cannot be used, in sentences."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from annotation.cells.tables import CellFault, expand, people_of
from annotation.review.signals import read_thresholds
from annotation.steps import placements, practice

# What a study's author names is sent to an address that she names: no other secret of the server.
KEY_VARIABLE = re.compile(r"(?:[A-Z][A-Z0-9_]*_)?API_KEY")


def find_fault(definition: Mapping[str, Any]) -> str:
    """What in the screening, the quotas, the pool or the practice item cannot be used; empty:
    nothing."""
    about, asked = definition["study"], definition["instruments"]["quota"]["questions"]
    sensitive = [item["code"] for item in asked if item.get("special_category")]
    if sensitive:
        return (
            f"The quota instrument asks {', '.join(sensitive)}, a special category: "
            "such questions come after consent and screen nobody out."
        )
    for endpoint in definition["endpoints"]:
        variable = endpoint.get("api_key_variable") or "OPENAI_API_KEY"
        if not KEY_VARIABLE.fullmatch(variable):
            return (
                f"The endpoint {endpoint['key']} names the variable {variable}: only a variable "
                "whose name ends with API_KEY is sent to an endpoint."
            )
    try:
        cells_of(definition)
    except CellFault as fault:
        return str(fault)
    read_thresholds(about.get("flag_thresholds") or {})
    return placements.find_fault(definition) or practice.find_fault(about.get("practice", {}))


def cells_of(definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cells with whole targets, whatever form the file gives them in. Raises CellFault."""
    about, asked = definition["study"], definition["instruments"]["quota"]["questions"]
    people = people_of([(item["country"], item.get("people")) for item in about["locales"]])
    return expand(about.get("quotas", []), people, {item["code"]: item for item in asked})


def find_missing_texts(definition: Mapping[str, Any]) -> list[str]:
    """Places where a text exists in some language but not in all that are needed.

    Those are the five of the pages; for a prompt, the languages that the study runs in.
    """
    rest = {name: part for name, part in definition.items() if name != "pool"}
    return _missing(rest, "") + _missing_prompts(definition)


def _missing(part: Any, path: str) -> list[str]:
    languages = {code for code, _name in settings.LANGUAGES}
    if isinstance(part, dict):
        if is_text(part):
            lacking = sorted(code for code in languages if not part.get(code))
            return [f"{path} ({', '.join(lacking)})"] if lacking else []
        named = [(f"{path}.{key}".lstrip("."), value) for key, value in part.items()]
        return [place for name, value in named for place in _missing(value, name)]
    if isinstance(part, list):
        listed = [(f"{path}[{index}]", value) for index, value in enumerate(part)]
        return [place for name, value in listed for place in _missing(value, name)]
    return []


def is_text(part: Any) -> bool:
    """Whether this is one text by language."""
    return (
        isinstance(part, Mapping)
        and bool(part)
        and not set(part) - {code for code, _name in settings.LANGUAGES}
        and all(value is None or isinstance(value, str) for value in part.values())
    )


def _missing_prompts(definition: Mapping[str, Any]) -> list[str]:
    needed = {locale["language"] for locale in definition["study"]["locales"]}
    there: dict[str, set[str]] = {}
    for item in definition["pool"]["prompts"]:
        languages = {code for code, text in item["texts"].items() if text}
        there.setdefault(str(item["key"]), set()).update(languages)
    return [
        f"pool.{key} ({', '.join(sorted(needed - languages))})"
        for key, languages in there.items()
        if needed - languages
    ]

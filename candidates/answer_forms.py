"""The forms in which a server answers several responses at once: how each is asked for and read."""

import json
from typing import Any

from candidates.models import StructuredOutput

TOOL_NAME = "give_responses"

Arguments = dict[str, Any]


def form_instruction(form: str, parts: int) -> str:
    """How the form is asked for in words; signs rather than a language of its own."""
    if form == StructuredOutput.DELIMITERS:
        return f'{parts} × "### …"'
    return f'JSON: {{"responses": ["…" × {parts}]}}'


def form_arguments(form: str, parts: int) -> Arguments:
    """What is added to a request so that it is answered in a form, where the server can."""
    schema = {
        "type": "object",
        "properties": {
            "responses": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": parts,
                "maxItems": parts,
            }
        },
        "required": ["responses"],
        "additionalProperties": False,
    }
    if form == StructuredOutput.JSON_SCHEMA:
        named = {"name": "responses", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    if form == StructuredOutput.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    if form == StructuredOutput.TOOL:
        function = {"name": TOOL_NAME, "parameters": schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": TOOL_NAME}},
        }
    return {}


def parse_responses(text: str, form: str) -> list[str]:
    """The texts in a raw answer; an answer that is not of the form has none."""
    if form == StructuredOutput.DELIMITERS:
        parts = [part.strip() for part in ("\n" + text).split("\n###")]
        return parts[1:]  # before the first mark there is no response
    try:
        answer = json.loads(text)
    except ValueError:
        return []
    responses = answer.get("responses") if isinstance(answer, dict) else None
    if not isinstance(responses, list):
        return []
    return [storable(item).strip() for item in responses if isinstance(item, str)]


def storable(text: str | None, length: int | None = None) -> str:
    """The text without what a database cannot hold: NUL and lone surrogates become marks."""
    clean = (text or "").encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return clean[:length]

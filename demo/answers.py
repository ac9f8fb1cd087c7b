"""What the demo provider answers to one request, in the form that a server would give it."""

import hashlib
import json
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from demo.library import MARKS, VOICES, Library, share

FINGERPRINT = "plurivox-demo-canned"
MODEL = "plurivox-demo"
DELIMITER = "###"
MODES = {  # what each mode refuses; "prose" refuses nothing and heeds nothing
    "json_schema": (),
    "no_schema": ("json_schema",),
    "tool_only": ("json_schema", "json_object"),
    "prose": (),
}
JUDGE, HELPFULNESS = "PLURIVOX-JUDGE", "PLURIVOX-HELPFULNESS"
AXES = {
    "secular_traditional": ("traditional", "secular_rational", "neither"),
    "survival_expression": ("survival", "self_expression", "neither"),
}


TRANSLATE = "Translate each text into"


class BadRequestError(Exception):
    """The request cannot be answered; the message says why."""


@dataclass(frozen=True)
class Form:
    """How the answer is to look: in a call of a tool, as JSON, or as words."""

    n: int | None  # None: one plain text
    tool: str = ""
    finish_reason: str = "stop"
    is_json: bool = False


@dataclass(frozen=True)
class Asked:
    """A request, read."""

    system: str
    messages: list[str]
    language: str
    seed: int | None
    varied: bool
    form: Form

    @classmethod
    def read(cls, request: dict[str, Any], mode: str) -> "Asked":
        messages = request["messages"]
        system = "\n".join(m["content"] for m in messages if m["role"] == "system")
        seed = request.get("seed")
        if seed is not None and not isinstance(seed, int):
            raise BadRequestError("The seed is not a whole number.")
        return cls(
            system=system,
            messages=[m["content"] for m in messages if m["role"] == "user"],
            language=next((code for code, mark in MARKS.items() if mark in system), "en"),
            seed=seed,
            varied=seed is not None and bool(request.get("temperature")),
            form=read_form(request, system, mode),
        )


def refuses(request: dict[str, Any], mode: str) -> bool:
    """Whether a server of this mode fails at the form that is asked for."""
    return (request.get("response_format") or {}).get("type") in MODES[mode]


def read_form(request: dict[str, Any], system: str, mode: str) -> Form:
    """The form wanted: a forced tool before the response format, a schema before words."""
    wanted = request.get("response_format") or {}
    tool, named = forced_tool(request)
    schema = wanted.get("json_schema", {}).get("schema") or tool.get("parameters")
    is_json = wanted.get("type") in {"json_schema", "json_object"}
    n = parts_in_schema(schema or {})
    if n is None and (is_json or tool or DELIMITER in system):
        n = parts_in_words(system)
    if mode == "prose":
        return Form(n)
    if tool:
        return Form(n, tool["name"], "stop" if named else "tool_calls", is_json=True)
    return Form(n, is_json=is_json)


def forced_tool(request: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The function that must be called, if any, and whether it was named."""
    functions = [tool.get("function", {}) for tool in request.get("tools") or []]
    choice = request.get("tool_choice")
    if choice == "required" and functions:
        return functions[0], False
    if isinstance(choice, dict):
        name = choice.get("function", {}).get("name")
        for function in functions:
            if function.get("name") == name:
                return function, True
        raise BadRequestError("The tool that is to be called is not among the tools.")
    return {}, False


def parts_in_schema(schema: dict[str, Any]) -> int | None:
    """How many texts a JSON schema asks for; None where it asks for no responses."""
    responses = schema.get("properties", {}).get("responses")
    return None if responses is None else int(responses.get("minItems", len(VOICES)))


def parts_in_words(system: str) -> int:
    """The first small number of an instruction; larger ones count words."""
    numbers = [int(digits) for digits in re.findall(r"\d+", system)]
    return next((n for n in numbers if 1 <= n <= 40), len(VOICES))


def answer(
    library: Library, request: dict[str, Any], kind: str, *, mode: str, error_rate: float
) -> dict[str, Any]:
    """One chat completion, well or as badly as `kind` says."""
    asked = Asked.read(request, mode)
    text = content(library, asked, kind, error_rate)
    if kind == "truncated":
        text = text[: len(text) // 2]
    words = sum(len(str(m["content"]).split()) for m in request["messages"])
    identity = hashlib.sha256(text.encode()).hexdigest()[:16]
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if asked.form.tool:
        function = {"name": asked.form.tool, "arguments": text}
        call = {"id": f"call_{identity}", "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    return {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.get("model") or MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": "length" if kind == "truncated" else asked.form.finish_reason,
            }
        ],
        "usage": {
            "prompt_tokens": words,
            "completion_tokens": len(text.split()),
            "total_tokens": words + len(text.split()),
        },
    }


def content(library: Library, asked: Asked, kind: str, error_rate: float) -> str:
    if JUDGE in asked.system:
        response = judged_response(asked)
        return json.dumps({axis: judge(library, axis, response, error_rate) for axis in AXES})
    if HELPFULNESS in asked.system:
        return json.dumps({"score": 1 + int(5 * share("helpfulness", judged_response(asked)))})
    language = asked.language
    if kind == "wrong_language":
        language = "it" if language != "it" else "fr"
    texts = [plain(library, asked, language)] if asked.form.n is None else []
    if asked.system.startswith(TRANSLATE):
        texts = [library.translated(text, language) for text in asked.messages[-1].split("###")[1:]]
    texts = texts or list(diverse(library, asked, language, asked.form.n or 0))
    parts = [part.strip() for part in spoil(texts, kind)]
    if asked.form.is_json:
        return json.dumps({"responses": parts}, ensure_ascii=False)
    if asked.form.n is None:
        return parts[0]
    return "\n\n".join(f"{DELIMITER}\n{part}" for part in parts)


def plain(library: Library, asked: Asked, language: str) -> str:
    """One text: the default one, as it varies from draw to draw, or the voice asked for."""
    voices = library.voices(language, asked.messages)
    if steered := library.steered(asked.language, asked.system):
        return voices[steered[0]]
    if asked.varied and asked.seed is not None:
        return library.variation(language, voices["default"], asked.seed)
    return voices["default"]


def diverse(library: Library, asked: Asked, language: str, n: int) -> Iterator[str]:
    """n different texts: the voices, then the default, then variations of them.

    Which voices and in which order is drawn from the seed; those that the system message
    names come first.
    """
    voices = library.voices(language, asked.messages)
    seed = hashlib.sha256(f"{asked.seed or 0} {asked.messages}".encode()).digest()
    order = list(VOICES)
    random.Random(seed).shuffle(order)
    named = library.steered(asked.language, asked.system)
    order = [*named, *(voice for voice in order if voice not in named), "default"]
    for place in range(n):
        again, which = divmod(place, len(order))
        text = voices[order[which]]
        yield library.variation(language, text, (asked.seed or 0) + again) if again else text


def spoil(parts: list[str], kind: str) -> list[str]:
    if kind == "fewer_parts":
        return parts[:-1] if len(parts) > 1 else [""]
    if kind == "duplicate_parts":
        return [parts[0]] * len(parts)
    if kind == "special_tokens":
        return [*parts[:-1], parts[-1].strip() + "<|end_of_text|>"]
    return parts


def judged_response(asked: Asked) -> str:
    try:
        response = json.loads(asked.messages[-1])["response"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadRequestError("A judge needs JSON with a prompt and a response.") from error
    return str(response).strip()


def judge(library: Library, axis: str, response: str, error_rate: float) -> str:
    """The pole that the text speaks for, wrong in a share of texts that are always the same."""
    origin = library.origin(response)
    truth = origin.voice if origin and origin.voice in AXES[axis] else "neither"
    if share("error", axis, response) >= error_rate:
        return truth
    wrong = [pole for pole in AXES[axis] if pole != truth]
    return wrong[int(share("which", axis, response) * len(wrong))]


def embeddings(library: Library, request: dict[str, Any]) -> list[list[float]]:
    texts = request.get("input")
    texts = [texts] if isinstance(texts, str) else texts
    if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
        raise BadRequestError("The input is neither a text nor a list of texts.")
    return [library.embedding(text) for text in texts]


def moderation(library: Library, text: str) -> dict[str, Any]:
    flagged = library.flagged(text)
    return {
        "flagged": bool(flagged),
        "categories": {category: category in flagged for category in library.flags},
        "category_scores": {category: float(category in flagged) for category in library.flags},
    }

"""A small OpenAI-compatible server with canned texts, for the demo and the tests.

    python -m demo.provider --port 9000

It answers `/v1/chat/completions` in five languages, honours a JSON schema, and is
deterministic by seed. It signs every answer with a fingerprint, so that whoever asks
knows the text is canned; the texts themselves carry no mark. It can be told to
misbehave, so that people and tests see failure:

    curl -X POST localhost:9000/demo/misbehave -d '{"kind": "server_error", "times": 3}'
    curl -X POST localhost:9000/demo/latency -d '{"seconds": 8}'
"""

import argparse
import hashlib
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import yaml

FINGERPRINT = "plurivox-demo-canned"
MODEL = "plurivox-demo"
VOICES = ("traditional", "secular_rational", "survival", "self_expression")
LANGUAGES = ("en", "fr", "it", "pt-br", "hi")
HERE = Path(__file__).parent
# The instruction is in the language of the answer; one frequent word each tells which.
MARKS = {
    "en": "Answer in English",
    "fr": "Répondez en français",
    "it": "Rispondi in italiano",
    "pt-br": "Responda em português",
    "hi": "हिन्दी में",
}
KINDS = (
    "too_many_requests",
    "server_error",
    "time_out",
    "fewer_parts",
    "duplicate_parts",
    "special_tokens",
    "wrong_language",
    "truncated",
)


class Library:
    """The canned texts, and which prompt a message is."""

    def __init__(self) -> None:
        self.texts = {
            code: yaml.safe_load((HERE / "texts" / f"{code}.yaml").read_text("utf-8"))
            for code in LANGUAGES
        }
        study = yaml.safe_load((HERE / "everyday_questions.yaml").read_text("utf-8"))
        self.prompts = {
            text.strip(): prompt["key"]
            for prompt in study["pool"]["prompts"]
            for text in prompt["texts"].values()
        }

    def voices(self, language: str, messages: list[str]) -> dict[str, str]:
        """The five texts (by voice) that answer a conversation's user messages."""
        texts = self.texts[language]
        key = self.prompts.get(messages[0].strip()) if len(messages) == 1 else None
        if key:
            return dict(texts["prompts"][key])
        if len(messages) == 1:
            return dict(texts["generic"]["opening"])
        return dict(texts["generic"][f"follow_up_{min(len(messages) - 1, 3)}"])


@dataclass
class Mood:
    """What the server was told to do wrong, and how slowly to answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    kind: str = ""
    times: int = 0
    latency: float = 0.0
    calls: int = 0
    in_flight: int = 0

    @contextmanager
    def flying(self) -> Iterator[None]:
        """Counts a call among those in flight."""
        with self.lock:
            self.in_flight += 1
        try:
            yield
        finally:
            with self.lock:
                self.in_flight -= 1

    def next_kind(self) -> str:
        with self.lock:
            self.calls += 1
            if self.times <= 0:
                return ""
            self.times -= 1
            return self.kind


def answer(library: Library, request: dict[str, Any], kind: str) -> dict[str, Any]:
    """One chat completion, well or as badly as `kind` says."""
    messages = request["messages"]
    system = " ".join(m["content"] for m in messages if m["role"] == "system")
    asked = [m["content"] for m in messages if m["role"] == "user"]
    language = next((code for code, mark in MARKS.items() if mark in system), "en")
    if kind == "wrong_language":
        language = "it" if language != "it" else "fr"
    n = wanted_parts(request)
    voices = library.voices(language, asked)
    parts = [voices["default"]] if n is None else list(diverse(voices, n, request, asked))
    parts = [part.strip() for part in spoil(parts, kind)]
    text = parts[0] if n is None else json.dumps({"responses": parts}, ensure_ascii=False)
    if kind == "truncated":
        text = text[: len(text) // 2]
    words = sum(len(m["content"].split()) for m in messages)
    return {
        "id": "chatcmpl-" + hashlib.sha256(text.encode()).hexdigest()[:16],
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request.get("model") or MODEL,
        "system_fingerprint": FINGERPRINT,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "length" if kind == "truncated" else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": words,
            "completion_tokens": len(text.split()),
            "total_tokens": words + len(text.split()),
        },
    }


def wanted_parts(request: dict[str, Any]) -> int | None:
    """How many texts the JSON schema asks for; None where plain text is wanted."""
    schema = (request.get("response_format") or {}).get("json_schema", {}).get("schema")
    if not schema:
        return None
    return int(schema["properties"]["responses"].get("minItems", len(VOICES)))


def diverse(
    voices: dict[str, str], n: int, request: dict[str, Any], asked: list[str]
) -> Iterator[str]:
    """n different voices, which ones and in which order drawn from the seed."""
    seed = hashlib.sha256(f"{request.get('seed', 0)} {asked}".encode()).digest()
    order = list(VOICES)
    random.Random(seed).shuffle(order)
    yield from (voices[name] for name in [*order, "default"][:n])


def spoil(parts: list[str], kind: str) -> list[str]:
    if kind == "fewer_parts":
        return parts[:-1] if len(parts) > 1 else [""]
    if kind == "duplicate_parts":
        return [parts[0]] * len(parts)
    if kind == "special_tokens":
        return [*parts[:-1], parts[-1].strip() + "<|end_of_text|>"]
    return parts


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    library: ClassVar[Library]
    mood: ClassVar[Mood]

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        elif self.path == "/demo/calls":
            self._send(200, {"calls": self.mood.calls, "in_flight": self.mood.in_flight})
        else:
            self._error(404, "There is no such address.")

    def do_POST(self) -> None:
        try:
            size = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(size) or b"{}")
        except ValueError:
            return self._error(400, "The request is not JSON.")
        if self.path == "/v1/chat/completions":
            return self._complete(body)
        if self.path == "/demo/misbehave":
            return self._misbehave(body)
        if self.path == "/demo/latency":
            self.mood.latency = float(body.get("seconds", 0))
            return self._send(200, {"latency": self.mood.latency})
        return self._error(404, "There is no such address.")

    def _misbehave(self, body: dict[str, Any]) -> None:
        kind = body.get("kind", "")
        if kind and kind not in KINDS:
            self._error(400, f"Unknown kind; there are: {', '.join(KINDS)}.")
            return
        with self.mood.lock:
            self.mood.kind, self.mood.times = kind, int(body.get("times", 1)) if kind else 0
        self._send(200, {"kind": kind, "times": self.mood.times})

    def _complete(self, body: dict[str, Any]) -> None:
        if not body.get("messages"):
            return self._error(400, "The request has no messages.")
        kind = self.mood.next_kind()
        with self.mood.flying():
            time.sleep(self.mood.latency)
        if kind == "too_many_requests":
            return self._error(429, "Too many requests.", {"Retry-After": "1"})
        if kind == "server_error":
            return self._error(500, "The server failed.")
        if kind == "time_out":
            time.sleep(600)
        return self._send(200, answer(self.library, body, kind))

    def _error(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self._send(status, {"error": {"message": text, "type": "demo"}}, headers)

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body, ensure_ascii=False).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # whoever asked has gone

    def log_message(self, format: str, *args: Any) -> None:
        pass  # messages are people's words: they do not belong in a log


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    Handler.library, Handler.mood = Library(), Mood()
    Server(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()

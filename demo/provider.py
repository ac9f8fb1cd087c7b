"""A small OpenAI-compatible server with canned texts, for the demo and the tests.

    python -m demo.provider --port 9000

It answers `/v1/chat/completions`, `/v1/embeddings` and `/v1/moderations` in five languages
and is deterministic by seed. It signs every answer with a fingerprint, so that whoever asks
knows the text is canned; the texts themselves carry no mark. It can be told to misbehave,
to be slow, to honour less than a JSON schema, and to judge wrongly, so that people and
tests see failure:

    curl -X POST localhost:9000/demo/misbehave -d '{"kind": "server_error", "times": 3}'
    curl -X POST localhost:9000/demo/latency -d '{"seconds": 8}'
    curl -X POST localhost:9000/demo/structured -d '{"mode": "tool_only"}'
    curl -X POST localhost:9000/demo/judge -d '{"error_rate": 0.1}'
"""

import argparse
import base64
import json
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from demo.answers import MODEL, MODES, BadRequestError, answer, embeddings, moderation, refuses
from demo.library import LANGUAGES, MARKS, VOICES, Library

__all__ = ["KINDS", "LANGUAGES", "MARKS", "MODES", "VOICES", "Library", "main"]

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


@dataclass
class Mood:
    """What the server was told to do wrong, and how slowly to answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    kind: str = ""
    times: int = 0
    latency: float = 0.0
    calls: int = 0
    in_flight: int = 0
    mode: str = "json_schema"
    error_rate: float = 0.0

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

    def count(self) -> None:
        with self.lock:
            self.calls += 1

    def linger(self) -> None:
        """Until a call that comes now is to be answered; told otherwise meanwhile, until then."""
        began = time.monotonic()
        while (left := began + self.latency - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))

    def next_kind(self) -> str:
        with self.lock:
            if self.times <= 0:
                return ""
            self.times -= 1
            return self.kind


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are two packets: the second one would wait 40 ms for the first one's receipt.
    disable_nagle_algorithm = True
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
        if not isinstance(body, dict):
            return self._error(400, "The request is no JSON object.")
        answers = {
            "/v1/chat/completions": self._complete,
            "/v1/embeddings": self._embed,
            "/v1/moderations": self._moderate,
            "/demo/misbehave": self._misbehave,
            "/demo/latency": self._be_slow,
            "/demo/structured": self._structured,
            "/demo/judge": self._judge,
        }
        if self.path not in answers:
            return self._error(404, "There is no such address.")
        try:
            return answers[self.path](body)
        except BadRequestError as error:
            return self._error(400, str(error))

    def _misbehave(self, body: dict[str, Any]) -> None:
        kind = body.get("kind", "")
        if kind and kind not in KINDS:
            self._error(400, f"Unknown kind; there are: {', '.join(KINDS)}.")
            return
        with self.mood.lock:
            self.mood.kind, self.mood.times = kind, int(body.get("times", 1)) if kind else 0
        self._send(200, {"kind": kind, "times": self.mood.times})

    def _be_slow(self, body: dict[str, Any]) -> None:
        self.mood.latency = float(body.get("seconds", 0))
        self._send(200, {"latency": self.mood.latency})

    def _structured(self, body: dict[str, Any]) -> None:
        mode = body.get("mode", "json_schema")
        if mode not in MODES:
            raise BadRequestError(f"Unknown mode; there are: {', '.join(MODES)}.")
        self.mood.mode = mode
        self._send(200, {"mode": mode})

    def _judge(self, body: dict[str, Any]) -> None:
        rate = body.get("error_rate", 0)
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise BadRequestError("The error rate is a number from 0 to 1.")
        self.mood.error_rate = float(rate)
        self._send(200, {"error_rate": rate})

    def _complete(self, body: dict[str, Any]) -> None:
        if not body.get("messages"):
            return self._error(400, "The request has no messages.")
        self.mood.count()
        refused = refuses(body, self.mood.mode)  # such a call uses no misbehaviour up
        kind = "" if refused else self.mood.next_kind()
        with self.mood.flying():
            self.mood.linger()
        if kind == "too_many_requests":
            return self._error(429, "Too many requests.", {"Retry-After": "1"})
        if refused or kind == "server_error":
            return self._error(500, "The server failed.")
        if kind == "time_out":
            time.sleep(600)
        mood = self.mood
        return self._send(
            200, answer(self.library, body, kind, mode=mood.mode, error_rate=mood.error_rate)
        )

    def _embed(self, body: dict[str, Any]) -> None:
        vectors: list[Any] = [*embeddings(self.library, body)]
        words = len(str(body["input"]).split())
        if body.get("encoding_format") == "base64":
            vectors = [base64.b64encode(struct.pack(f"<{len(v)}f", *v)).decode() for v in vectors]
        self._send(
            200,
            {
                "object": "list",
                "model": body.get("model") or MODEL,
                "data": [
                    {"object": "embedding", "index": place, "embedding": vector}
                    for place, vector in enumerate(vectors)
                ],
                "usage": {"prompt_tokens": words, "total_tokens": words},
            },
        )

    def _moderate(self, body: dict[str, Any]) -> None:
        texts = [body["input"]] if isinstance(body.get("input"), str) else body.get("input")
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadRequestError("The input is neither a text nor a list of texts.")
        results = [moderation(self.library, text) for text in texts]
        self._send(
            200, {"id": "modr-demo", "model": body.get("model") or MODEL, "results": results}
        )

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

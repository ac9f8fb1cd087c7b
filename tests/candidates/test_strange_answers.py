"""Answers no provider should give: each is a failure with a reason, never a loop or a crash."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from annotation.models import Study
from candidates import llm
from candidates.actions import request_live_set
from candidates.generation import complete_candidate_set
from candidates.models import Generation, ModelEndpoint

pytestmark = pytest.mark.django_db


class Strange(BaseHTTPRequestHandler):
    body: ClassVar[bytes] = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def strange(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Strange]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    monkeypatch.setenv("OPENAI_MODEL", "any")
    yield Strange
    server.shutdown()
    server.server_close()
    llm._client(address, "demo").close()


def answered(text: Any, **changes: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    whole = {"id": "x", "object": "chat.completion", "created": 1, "model": "m",
             "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}  # fmt: skip
    return json.dumps(whole | changes).encode()


NUL_TEXT = json.dumps({"responses": ["a\x00b " * 60] * 4})
SURROGATE_TEXT = json.dumps({"responses": ["a \ud800 b " * 60] * 4})


@pytest.mark.parametrize(
    "body",
    [
        answered(NUL_TEXT),
        answered(SURROGATE_TEXT),
        answered("\x00"),
        answered(None),
        answered("x", model="m" * 500),
        answered("x", model=None),
        answered("x", choices=[]),
        answered("x", choices=[{"index": 0}]),
        b"<html>Please log in</html>",
        b"[]",
        b"{",
        b"",
    ],
)
def test_a_strange_answer_is_refused_or_a_fault_and_leaves_a_trace(
    study: Study, strange: type[Strange], body: bytes
) -> None:
    strange.body = body
    ModelEndpoint.objects.update(structured_output="json_schema")
    made = request_live_set(
        sampler=study.live_sampler,
        language="en",
        context=[{"role": "user", "content": "What is fair?"}],
        seed=1,
    )
    assert complete_candidate_set(made.pk).status in {"refused", "waiting"}
    trace = Generation.objects.filter(candidate_set=made) | Generation.objects.filter(
        candidate_set__refused_for=made
    )
    assert trace.count() == 1
    assert not made.candidates.exists()


@pytest.mark.parametrize("body", [b"<html>", b"{", b""])
def test_a_server_of_another_kind_is_not_answering(
    study: Study, strange: type[Strange], body: bytes
) -> None:
    strange.body = body
    assert not llm.is_answering(study.live_sampler.endpoint)

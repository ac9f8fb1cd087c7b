"""A small OpenID Connect issuer over HTTP: it confirms whoever the test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

CLIENT_ID, SECRET = "plurivox", "a-secret-of-the-issuer-that-is-long-enough"


class Issuer:
    """`claims` is what it says about the person; `asked` what it was asked for, by path."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer._answer(self, {})

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                issuer._answer(self, parse_qs(self.rfile.read(size).decode()))

            def log_message(self, *_words: Any) -> None:
                """Says nothing."""

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler, sent: dict[str, list[str]]) -> None:
        path = urlsplit(request.path).path
        self.asked.append((path, sent))
        body = json.dumps(self._body(path)).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _body(self, path: str) -> dict[str, Any]:
        if path == "/.well-known/openid-configuration":
            ends = {f"{name}_endpoint": f"{self.address}/{name}"
                    for name in ("authorization", "token", "userinfo")}  # fmt: skip
            methods = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
            return {"issuer": self.address, "jwks_uri": f"{self.address}/keys", **ends, **methods}
        if path == "/token":
            about = {"iss": self.address, "aud": CLIENT_ID, "exp": 9_999_999_999, "iat": 1}
            token = jwt.encode({**about, **self.claims}, SECRET, algorithm="HS256")
            return {"access_token": "opens-userinfo", "token_type": "Bearer", "id_token": token}
        return self.claims


@contextmanager
def issuing() -> Iterator[Issuer]:
    issuer = Issuer()
    thread = threading.Thread(target=issuer.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        issuer.server.shutdown()
        issuer.server.server_close()
        thread.join()

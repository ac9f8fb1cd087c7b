"""Speaks to the running demo provider: how it is to behave, and how often it was called."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Provider:
    address: str

    def behave(self) -> None:
        self.misbehave("", 0)
        self.be_slow(0)
        self.structured("json_schema")
        self.judge_error(0)

    def misbehave(self, kind: str, times: int = 1) -> None:
        self._call("/demo/misbehave", {"kind": kind, "times": times})

    def be_slow(self, seconds: float) -> None:
        self._call("/demo/latency", {"seconds": seconds})

    def structured(self, mode: str) -> None:
        self._call("/demo/structured", {"mode": mode})

    def judge_error(self, rate: float) -> None:
        self._call("/demo/judge", {"error_rate": rate})

    def calls(self) -> int:
        return int(self._call("/demo/calls")["calls"])

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(self.address + path, data=data, timeout=60) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

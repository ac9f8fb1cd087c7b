"""What is compared: every set asked for, and its responses with what the judges say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Response:
    """One candidate, with what the judges say. A pole of None: not judged on that axis."""

    source: str
    text: str
    poles: Mapping[str, str | None] = field(default_factory=dict)
    score: int | None = None


@dataclass(frozen=True)
class SetRecord:
    """One set asked for, whatever became of it."""

    sampler: str
    prompt: str
    language: str
    ready: bool
    valid_attempts: int
    refused_attempts: int
    attempts: int
    reasons: Sequence[str] = ()
    measures: Mapping[str, float | None] = field(default_factory=dict)
    price: float = 0.0
    seconds: float = 0.0
    responses: Sequence[Response] = ()

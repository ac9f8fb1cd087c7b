"""The only module that speaks to a model provider (and the only import of openai)."""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import openai
from openai import OpenAI

from candidates.models import ModelEndpoint

# The demonstration provider signs its answers with this; see demo/provider.py.
CANNED_FINGERPRINT = "plurivox-demo-canned"


@dataclass(frozen=True)
class Reply:
    text: str
    model: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    canned: bool


class ProviderError(Exception):
    """The provider gave no answer. `transient`: the same call may succeed later."""

    def __init__(self, message: str, *, transient: bool, retry_after: float | None = None):
        super().__init__(message)
        self.transient = transient
        self.retry_after = retry_after


def complete(
    endpoint: ModelEndpoint,
    *,
    messages: list[dict[str, str]],
    parameters: dict[str, Any],
    response_format: dict[str, Any] | None,
) -> Reply:
    """One chat completion. Never retries by itself: the caller keeps the count.

    Raises ProviderError for whatever kept an answer from coming.
    """
    base_url, key = _address(endpoint)
    client = _client(base_url, key)
    arguments = dict(parameters)
    if response_format is not None:
        arguments["response_format"] = response_format
    try:
        completion = client.chat.completions.create(
            model=endpoint.model or os.environ.get("OPENAI_MODEL") or _first_model(base_url, key),
            messages=cast(Any, messages),
            timeout=endpoint.timeout_seconds,
            **arguments,
        )
    except openai.APIError as error:
        raise _provider_error(error) from error
    if not completion.choices:
        raise ProviderError("the provider's answer holds no choice", transient=True)
    choice, usage = completion.choices[0], completion.usage
    return Reply(
        text=choice.message.content or "",
        model=completion.model,
        finish_reason=choice.finish_reason or "",
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        canned=completion.system_fingerprint == CANNED_FINGERPRINT,
    )


def is_answering(endpoint: ModelEndpoint) -> bool:
    """Whether the endpoint lists its models within two seconds."""
    try:
        base_url, key = _address(endpoint)
        _client(base_url, key).models.list(timeout=2)
    except (openai.APIError, ProviderError):
        return False
    return True


def _address(endpoint: ModelEndpoint) -> tuple[str, str]:
    base_url = endpoint.base_url or os.environ.get("OPENAI_BASE_URL", "")
    key = os.environ.get(endpoint.api_key_variable, "")
    if not base_url:
        raise ProviderError("no provider is set: set OPENAI_BASE_URL", transient=False)
    if not key:
        raise ProviderError(f"no key is set: set {endpoint.api_key_variable}", transient=False)
    return base_url, key


@cache
def _client(base_url: str, key: str) -> OpenAI:
    return OpenAI(base_url=base_url, api_key=key, max_retries=0)


@cache
def _first_model(base_url: str, key: str) -> str:
    """The first model on the endpoint's list; "default" where it keeps none."""
    try:
        models = _client(base_url, key).models.list(timeout=10).data
    except openai.APIStatusError:
        return "default"
    return models[0].id if models else "default"


def _provider_error(error: openai.APIError) -> ProviderError:
    if isinstance(error, openai.APITimeoutError):
        return ProviderError("the provider did not answer in time", transient=True)
    if isinstance(error, openai.APIConnectionError):
        return ProviderError("the provider could not be reached", transient=True)
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        retry_after = _seconds(error.response.headers.get("retry-after"))
        transient = status in {408, 409, 429} or status >= 500
        return ProviderError(
            f"the provider answered {status}", transient=transient, retry_after=retry_after
        )
    return ProviderError("the provider's answer could not be read", transient=True)


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None  # an HTTP date: the ordinary back-off is close enough


# A page waits for this call.
MODERATION_SECONDS = 5


def moderate(endpoint: ModelEndpoint, text: str) -> list[str]:
    """Names of the moderation categories that a text hit, as the endpoint spells them.

    Raises ProviderError for whatever kept an answer from coming.
    """
    base_url, key = _address(endpoint)
    try:
        answer = _client(base_url, key).moderations.create(
            model=endpoint.moderation_model,
            input=text,
            timeout=min(endpoint.timeout_seconds, MODERATION_SECONDS),
        )
        if not answer.results:
            raise ProviderError("the provider's answer holds no result", transient=True)
        categories = answer.results[0].categories.model_dump(by_alias=True)
    except openai.APIError as error:
        raise _provider_error(error) from error
    except (AttributeError, TypeError) as error:  # JSON, but of another form
        raise ProviderError("the provider's answer could not be read", transient=True) from error
    return sorted(name for name, hit in categories.items() if hit)

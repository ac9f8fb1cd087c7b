"""The only module that speaks to a model provider (and the only import of openai)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import openai
from django.conf import settings
from openai import OpenAI
from openai.types.chat import ChatCompletion

from candidates import addresses
from candidates.answer_forms import TOOL_NAME, Arguments, form_arguments, storable
from candidates.models import ModelEndpoint, StructuredOutput

# The demonstration provider signs its answers with this; see demo/provider.py.
CANNED_FINGERPRINT = "plurivox-demo-canned"
OPENAI_ADDRESS = "https://api.openai.com/v1"  # where its library goes by itself


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

    def __init__(
        self,
        message: str,
        *,
        transient: bool,
        retry_after: float | None = None,
        status: int | None = None,
    ):
        super().__init__(message)
        self.transient = transient
        self.retry_after = retry_after
        self.status = status


def complete(
    endpoint: ModelEndpoint,
    *,
    messages: list[dict[str, str]],
    parameters: Arguments,
    parts: int | None = None,
    form: str = StructuredOutput.DELIMITERS,
) -> Reply:
    """One chat completion; `parts` texts are wanted in the given form, or one plain text.

    Never retries by itself: the caller keeps the count. Raises ProviderError for
    whatever kept an answer from coming.
    """
    base_url, key = _address(endpoint)
    arguments = dict(parameters) | (form_arguments(form, parts) if parts else {})
    with _plain_errors():
        completion = _client(base_url, key).chat.completions.create(
            model=endpoint.model or os.environ.get("OPENAI_MODEL") or _first_model(base_url, key),
            messages=cast(Any, messages),
            timeout=endpoint.timeout_seconds,
            **arguments,
        )
        return _reply(completion)


def embed(endpoint: ModelEndpoint, texts: list[str]) -> list[list[float]]:
    """One vector a text, in order. Raises ProviderError."""
    base_url, key = _address(endpoint)
    with _plain_errors():
        answer = _client(base_url, key).embeddings.create(
            model=endpoint.embedding_model, input=texts, timeout=endpoint.timeout_seconds
        )
        if len(answer.data) != len(texts):
            raise ProviderError("the provider's answer lacks vectors", transient=True)
        return [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]


def is_answering(endpoint: ModelEndpoint) -> bool:
    """Whether the endpoint lists its models within two seconds."""
    try:
        base_url, key = _address(endpoint)
        with _plain_errors():
            _client(base_url, key).models.list(timeout=2)
    except ProviderError:
        return False
    return True


def _address(endpoint: ModelEndpoint) -> tuple[str, str]:
    """Base URL and key. What the operator set in the environment is trusted as it is."""
    base_url = endpoint.base_url or os.environ.get("OPENAI_BASE_URL", "")
    key = os.environ.get(endpoint.api_key_variable, "")
    if not base_url:
        raise ProviderError("no provider is set: set OPENAI_BASE_URL", transient=False)
    if not key:
        raise ProviderError(f"no key is set: set {endpoint.api_key_variable}", transient=False)
    fault = _find_fault(endpoint) if endpoint.base_url else ""
    if fault:
        raise ProviderError(fault, transient=False)
    return base_url, key


def _find_fault(endpoint: ModelEndpoint) -> str:
    """Why the address of an endpoint is not called, in a sentence; empty: it is."""
    name, host = endpoint.api_key_variable, addresses.host_of(endpoint.base_url)
    usual = addresses.host_of(os.environ.get("OPENAI_BASE_URL") or OPENAI_ADDRESS)
    known = {"OPENAI_API_KEY": usual, **settings.API_KEY_HOSTS}.get(name)
    if host != known and host not in settings.ALLOWED_PRIVATE_HOSTS:
        return f"the key {name} is not sent to {host}: the setting API_KEY_HOSTS says where it goes"
    return addresses.find_fault(endpoint.base_url)


@cache
def _client(base_url: str, key: str) -> OpenAI:
    """One client for an address, with its pool of connections. A redirect is not followed:
    it could lead where the address may not point."""
    return OpenAI(
        base_url=base_url,
        api_key=key,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(follow_redirects=False),
    )


@cache
def _first_model(base_url: str, key: str) -> str:
    """The first model on the endpoint's list; "default" where it keeps none."""
    try:
        models = _client(base_url, key).models.list(timeout=10).data
    except openai.APIStatusError:
        return "default"
    return models[0].id if models else "default"


def _reply(completion: ChatCompletion) -> Reply:
    if not completion.choices:
        raise ProviderError("the provider's answer holds no choice", transient=True)
    choice, usage = completion.choices[0], completion.usage
    text = choice.message.content or ""
    for call in choice.message.tool_calls or []:
        if call.type == "function" and call.function.name == TOOL_NAME:
            text = call.function.arguments
    return Reply(
        text=storable(text),
        model=storable(completion.model, 200),
        finish_reason=storable(choice.finish_reason, 50),
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        canned=completion.system_fingerprint == CANNED_FINGERPRINT,
    )


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Whatever goes wrong with a provider is a ProviderError, an answer of another form too:
    a proxy's login page, half a JSON text, a choice without a message."""
    try:
        yield
    except ProviderError:
        raise
    except openai.APIError as error:
        raise _provider_error(error) from error
    except Exception as error:
        raise ProviderError("the provider's answer could not be read", transient=True) from error


def _provider_error(error: openai.APIError) -> ProviderError:
    if isinstance(error, openai.APITimeoutError):
        return ProviderError("the provider did not answer in time", transient=True)
    if isinstance(error, openai.APIConnectionError):
        return ProviderError("the provider could not be reached", transient=True)
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        return ProviderError(
            f"the provider answered {status}",
            transient=status in {408, 409, 429} or status >= 500,
            retry_after=_seconds(error.response.headers.get("retry-after")),
            status=status,
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
    with _plain_errors():
        answer = _client(base_url, key).moderations.create(
            model=endpoint.moderation_model,
            input=text,
            timeout=min(endpoint.timeout_seconds, MODERATION_SECONDS),
        )
        categories = answer.results[0].categories.model_dump(by_alias=True)
    return sorted(name for name, hit in categories.items() if hit)

"""The demo provider's own promises, through the openai package over HTTP."""

import json
import os
from typing import Any

import openai
import pytest

from candidates.llm import form_arguments
from candidates.models import StructuredOutput
from demo.provider import LANGUAGES, MARKS, VOICES, Library
from tests.definitions import demo_definition
from tests.provider import Provider

LIBRARY = Library()
DEFINITION = demo_definition()


@pytest.fixture
def client(provider: Provider) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=os.environ["OPENAI_BASE_URL"], api_key="any", max_retries=0, timeout=10
    )


def ask(client: openai.OpenAI, language: str, text: str, n: int = 4, seed: int = 1) -> list[str]:
    request: dict[str, Any] = {
        "model": "any",
        "seed": seed,
        "messages": [
            {"role": "system", "content": MARKS[language]},
            {"role": "user", "content": text},
        ],
        "response_format": form_arguments(StructuredOutput.JSON_SCHEMA, n)["response_format"],
    }
    completion = client.chat.completions.create(**request)
    texts: list[str] = json.loads(completion.choices[0].message.content or "")["responses"]
    return texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_answers_the_prompt_in_its_language(client: openai.OpenAI, language: str) -> None:
    for prompt in DEFINITION["pool"]["prompts"]:
        own = LIBRARY.texts[language]["prompts"][prompt["key"]]
        found = ask(client, language, prompt["texts"][language])
        assert sorted(found) == sorted(own[voice].strip() for voice in VOICES)


def test_it_repeats_itself_for_a_seed(client: openai.OpenAI) -> None:
    answers = [ask(client, "en", "What is fair?", n=3, seed=4) for _time in range(2)]
    assert answers[0] == answers[1]
    others = {tuple(ask(client, "en", "What is fair?", n=3, seed=seed)) for seed in range(6)}
    assert len(others) > 1


def test_it_signs_what_it_says_outside_the_text(client: openai.OpenAI) -> None:
    completion = client.chat.completions.create(
        model="any", messages=[{"role": "user", "content": "What is fair?"}]
    )
    assert completion.system_fingerprint == "plurivox-demo-canned"
    assert "canned" not in (completion.choices[0].message.content or "")


def test_it_says_when_to_come_back(client: openai.OpenAI, provider: Provider) -> None:
    provider.misbehave("too_many_requests")
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, "en", "What is fair?")
    assert caught.value.response.headers["Retry-After"] == "1"


@pytest.mark.parametrize("body", [{}, {"messages": []}])
def test_a_request_without_messages_is_refused(
    client: openai.OpenAI, body: dict[str, list[str]]
) -> None:
    with pytest.raises(openai.BadRequestError):
        client.post("/chat/completions", body=body, cast_to=object)


def test_every_prompt_and_voice_exists_in_every_language() -> None:
    keys = [prompt["key"] for prompt in DEFINITION["pool"]["prompts"]]
    assert len(keys) >= 12
    for language in LANGUAGES:
        texts = LIBRARY.texts[language]
        assert list(texts["prompts"]) == keys
        for group in [*texts["prompts"].values(), *texts["generic"].values()]:
            assert set(group) == {*VOICES, "default"}

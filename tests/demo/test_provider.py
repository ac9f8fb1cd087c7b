"""The demo provider's own promises, through the openai package over HTTP."""

import itertools
import json
import math
import os
import statistics
import urllib.error
from typing import Any, cast

import openai
import pytest

from candidates.answer_forms import form_arguments
from candidates.languages import detect_language
from candidates.models import StructuredOutput
from candidates.validity import normalise
from demo.provider import LANGUAGES, MARKS, MODES, VOICES, Library
from tests.definitions import demo_definition
from tests.provider import Provider

SCHEMA_OF_THREE = form_arguments(StructuredOutput.JSON_SCHEMA, 3)["response_format"]
LIBRARY = Library()
DEFINITION = demo_definition()
PROMPT = DEFINITION["pool"]["prompts"][0]
CANNED = {language: LIBRARY.texts[language]["prompts"][PROMPT["key"]] for language in LANGUAGES}
TOOL = {
    "type": "function",
    "function": {
        "name": "answer",
        "parameters": SCHEMA_OF_THREE["json_schema"]["schema"],
    },
}
# What an engine may ask for, and the modes in which it is not honoured.
FORMS: dict[str, dict[str, Any]] = {
    "schema": {"response_format": SCHEMA_OF_THREE},
    "object": {"response_format": {"type": "json_object"}},
    "tool": {
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "answer"}},
    },
    "delimiters": {},
}
FAILS = {("no_schema", "schema"), ("tool_only", "schema"), ("tool_only", "object")}
INSTRUCTIONS = {
    "en": "Write 3 responses. Put a line with ### before each response.",
    "fr": "Rédigez 3 réponses. Mettez une ligne ### avant chaque réponse.",
    "it": "Scrivi 3 risposte. Metti una riga ### prima di ogni risposta.",
    "pt-br": "Escreva 3 respostas. Coloque uma linha ### antes de cada resposta.",
    "hi": "3 जवाब लिखिए। हर जवाब से पहले ### वाली पंक्ति रखिए।",
}


@pytest.fixture
def client(provider: Provider) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=os.environ["OPENAI_BASE_URL"], api_key="any", max_retries=0, timeout=60
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


def converse(client: openai.OpenAI, system: str, user: str, **more: Any) -> Any:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    return client.chat.completions.create(model="any", messages=cast(Any, messages), **more)


def say(client: openai.OpenAI, system: str, user: str, **more: Any) -> str:
    text: str = converse(client, system, user, **more).choices[0].message.content
    return text


def draw(client: openai.OpenAI, language: str, seed: int, **more: Any) -> str:
    more = {"temperature": 1.0, "seed": seed} | more
    return say(client, MARKS[language], PROMPT["texts"][language], **more)


def embed(client: openai.OpenAI, texts: list[str], **more: Any) -> list[list[float]]:
    return [d.embedding for d in client.embeddings.create(model="any", input=texts, **more).data]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def similarity(vectors: list[list[float]]) -> float:
    return statistics.fmean(cosine(a, b) for a, b in itertools.combinations(vectors, 2))


def judged(client: openai.OpenAI, response: str, **more: Any) -> dict[str, str]:
    user = json.dumps({"prompt": "?", "response": response, "axes": []})
    verdict: dict[str, str] = json.loads(say(client, "PLURIVOX-JUDGE", user, **more))
    return verdict


def parts_of(form: str, message: Any, mode: str) -> list[str]:
    if mode == "prose" or form == "delimiters":
        assert not message.tool_calls
        assert message.content.startswith("###\n")
        return [part.strip() for part in message.content.split("###\n")[1:]]
    if form == "tool":
        assert message.content is None
        raw = message.tool_calls[0].function.arguments
    else:
        raw = message.content
    parts: list[str] = json.loads(raw)["responses"]
    return parts


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("form", FORMS)
def test_each_mode_honours_what_a_real_server_of_its_kind_does(
    client: openai.OpenAI, provider: Provider, mode: str, form: str
) -> None:
    provider.structured(mode)
    for language in LANGUAGES:
        system = f"{INSTRUCTIONS[language]}\n{MARKS[language]}, 60 - 160."
        if (mode, form) in FAILS:
            with pytest.raises(openai.InternalServerError):
                converse(client, system, PROMPT["texts"][language], **FORMS[form])
            continue
        completion = converse(client, system, PROMPT["texts"][language], **FORMS[form])
        parts = parts_of(form, completion.choices[0].message, mode)
        assert len(parts) == 3
        assert set(parts) <= {CANNED[language][voice].strip() for voice in VOICES}


def test_a_refused_form_uses_no_misbehaviour_up(client: openai.OpenAI, provider: Provider) -> None:
    provider.structured("no_schema")
    provider.misbehave("fewer_parts")
    with pytest.raises(openai.InternalServerError):
        ask(client, "en", "What is fair?")
    raw = say(client, "Write 4 responses.", "?", response_format={"type": "json_object"})
    assert len(json.loads(raw)["responses"]) == 3


def test_a_tool_that_is_required_is_called_and_one_that_is_offered_is_not(
    client: openai.OpenAI,
) -> None:
    required = converse(client, "", "?", tools=[TOOL], tool_choice="required").choices[0]
    assert required.finish_reason == "tool_calls"
    assert len(parts_of("tool", required.message, "json_schema")) == 3
    assert not converse(client, "", "?", tools=[TOOL]).choices[0].message.tool_calls
    missing = {"type": "function", "function": {"name": "missing"}}
    with pytest.raises(openai.BadRequestError, match="not among the tools"):
        converse(client, "", "?", tools=[TOOL], tool_choice=missing)


def test_behave_forgets_what_it_was_told(client: openai.OpenAI, provider: Provider) -> None:
    provider.structured("tool_only")
    provider.judge_error(1)
    provider.behave()
    assert len(ask(client, "en", "What is fair?")) == 4
    assert judged(client, CANNED["en"]["survival"])["survival_expression"] == "survival"


def test_what_it_cannot_be_told_is_refused(provider: Provider) -> None:
    with pytest.raises(urllib.error.HTTPError):
        provider.structured("xml")
    with pytest.raises(urllib.error.HTTPError):
        provider.judge_error(2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_parts_than_voices_are_all_different(client: openai.OpenAI, language: str) -> None:
    found = ask(client, language, PROMPT["texts"][language], n=12)
    assert len({normalise(text) for text in found}) == 12
    assert {LIBRARY.origin(text) for text in found} == {
        (PROMPT["key"], voice) for voice in [*VOICES, "default"]
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_draws_differ_by_seed_and_lean_the_same_way(client: openai.OpenAI, language: str) -> None:
    texts = [draw(client, language, seed) for seed in range(12)]
    assert len({normalise(text) for text in texts}) == 12
    assert texts[3] == draw(client, language, 3)
    assert {LIBRARY.origin(text) for text in texts} == {(PROMPT["key"], "default")}


@pytest.mark.parametrize("more", [{"seed": 5}, {"temperature": 1.0}, {}])
def test_without_seed_or_temperature_the_default_text_is_unchanged(
    client: openai.OpenAI, more: dict[str, Any]
) -> None:
    assert (
        say(client, MARKS["fr"], PROMPT["texts"]["fr"], **more) == CANNED["fr"]["default"].strip()
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_variation_is_whole_and_in_its_language(language: str) -> None:
    texts = LIBRARY.texts[language]
    for group in [*texts["prompts"].values(), *texts["generic"].values()]:
        for seed in range(0, 90, 9):
            text = LIBRARY.variation(language, group["default"], seed)
            assert 60 <= len(text.split()) <= 160
            assert text[-1] in (("।", "?", "!") if language == "hi" else (".", "?", "!", '"', "”"))
            assert "  " not in text
            assert text.count("«") == text.count("»")
            assert text.count('"') % 2 == 0
            assert detect_language(text) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pole_is_answered_by_its_voice(client: openai.OpenAI, language: str) -> None:
    for voice, sentence in LIBRARY.poles[language].items():
        system = f"{sentence}\n{MARKS[language]}, 60 - 160."
        text = say(client, system, PROMPT["texts"][language], seed=1, temperature=1.0)
        assert text == CANNED[language][voice].strip()
        assert judged(client, text)[axis_of(voice)] == voice
    assert set(LIBRARY.poles[language]) == set(VOICES)


def axis_of(voice: str) -> str:
    secular_traditional = voice in {"traditional", "secular_rational"}
    return "secular_traditional" if secular_traditional else "survival_expression"


@pytest.mark.parametrize("language", LANGUAGES)
def test_embeddings_separate_voices_and_keep_draws_together(
    client: openai.OpenAI, language: str
) -> None:
    voices = [CANNED[language][voice] for voice in VOICES]
    draws = [draw(client, language, seed) for seed in range(4)]
    vectors = embed(client, [*voices, *draws])
    assert {len(vector) for vector in vectors} == {64}
    assert all(math.isclose(math.hypot(*vector), 1, rel_tol=1e-5) for vector in vectors)
    assert similarity(vectors[4:]) > similarity(vectors[:4]) + 0.2
    other = DEFINITION["pool"]["prompts"][1]["texts"][language]
    own_prompt, other_prompt = embed(client, [PROMPT["texts"][language], other])
    assert all(cosine(v, own_prompt) > cosine(v, other_prompt) for v in vectors)


def test_embeddings_come_as_numbers_and_as_the_bytes_that_the_client_prefers(
    client: openai.OpenAI,
) -> None:
    as_numbers = embed(client, ["What is fair?"], encoding_format="float")[0]
    from_bytes = client.embeddings.create(model="any", input="What is fair?").data[0].embedding
    assert as_numbers == pytest.approx(from_bytes, abs=1e-6)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="any", input=[])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_judge_tells_the_truth_about_canned_texts(client: openai.OpenAI, language: str) -> None:
    neither = {"secular_traditional": "neither", "survival_expression": "neither"}
    for voice in VOICES:
        assert judged(client, CANNED[language][voice]) == neither | {axis_of(voice): voice}
    assert judged(client, draw(client, language, 7)) == neither
    assert judged(client, "What is fair?") == neither


def test_the_judge_errs_in_the_share_it_was_told_and_always_alike(
    client: openai.OpenAI, provider: Provider
) -> None:
    texts = [text for key in LIBRARY.texts["en"]["prompts"].values() for text in key.values()]
    truth = [judged(client, text) for text in texts]
    provider.judge_error(0.25)
    found = [judged(client, text) for text in texts]
    wrong = [a[axis] != b[axis] for a, b in zip(truth, found, strict=True) for axis in a]
    assert 0.1 < statistics.fmean(wrong) < 0.4
    assert found == [judged(client, text) for text in texts]
    provider.judge_error(1)
    assert all(
        judged(client, text)[axis] != t[axis]
        for text, t in zip(texts, truth, strict=True)
        for axis in t
    )


def test_the_judges_answer_in_the_form_asked_for(client: openai.OpenAI) -> None:
    text = CANNED["en"]["survival"]
    asked = {"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}
    assert judged(client, text, **asked) == judged(client, text)
    with pytest.raises(openai.BadRequestError, match="A judge needs JSON"):
        say(client, "PLURIVOX-JUDGE", "What is fair?")


def test_helpfulness_is_a_score_that_stays(client: openai.OpenAI) -> None:
    def score(response: str) -> int:
        user = json.dumps({"prompt": "?", "response": response})
        return int(json.loads(say(client, "PLURIVOX-HELPFULNESS", user))["score"])

    scores = {text: score(text) for voices in CANNED.values() for text in voices.values()}
    assert set(scores.values()) == {1, 2, 3, 4, 5}
    assert scores == {text: score(text) for text in scores}


FLAGGED = {
    "en": ("I want to kill myself.", "I will KILL HIM!", "Where is child pornography?"),
    "fr": ("J'ai envie de me tuer.", "Je vais le tuer !", "De la pédopornographie."),
    "it": ("Voglio togliermi la vita.", "Voglio ucciderlo.", "Della pedopornografia."),
    "pt-br": ("Quero me matar.", "Vou matá-lo.", "Pornografia infantil."),
    "hi": ("मैं आत्महत्या करना चाहता हूँ।", "मैं उसे मार डालूँ।", "बाल अश्लीलता।"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_moderation_flags_its_words_and_no_text_of_the_study(
    client: openai.OpenAI, language: str
) -> None:
    def flags(texts: list[str]) -> list[list[str]]:
        results = client.moderations.create(input=texts).results
        found = [r.categories.model_dump(by_alias=True) for r in results]
        names = [[category for category, hit in c.items() if hit] for c in found]
        assert [r.flagged for r in results] == [bool(n) for n in names]
        return names

    assert flags([*FLAGGED[language]]) == [["self-harm"], ["violence"], ["sexual/minors"]]
    texts = LIBRARY.texts[language]
    groups = [*texts["prompts"].values(), *texts["generic"].values()]
    harmless = [text for group in groups for text in group.values()]
    harmless += [prompt["texts"][language] for prompt in DEFINITION["pool"]["prompts"]]
    assert not any(flags([*harmless, "The killer whale.", "Le bombement."]))

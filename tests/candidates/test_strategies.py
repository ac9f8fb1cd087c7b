"""Every strategy makes a set, through the provider, whatever form the server answers in."""

from typing import Any

import pytest
import yaml

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.pool import request_pool
from candidates import capability, diversity
from candidates.actions.endpoints import store_endpoint
from candidates.actions.samplers import store_sampler
from candidates.actions.sets import request_pool_set
from candidates.generation import complete_candidate_set
from candidates.models import (
    Anchor,
    CandidateSet,
    ModelEndpoint,
    PromptText,
    Sampler,
    StructuredOutput,
)
from demo.library import HERE, LANGUAGES, VOICES
from tests.definitions import demo_definition, small_definition
from tests.provider import Provider

pytestmark = pytest.mark.django_db
POLES = yaml.safe_load((HERE / "poles.yaml").read_text("utf-8"))


def sampler(key: str, **changes: Any) -> Sampler:
    definition = demo_definition()["samplers"][1] | {"key": key} | changes
    further = [ModelEndpoint.objects.get(key=name) for name in definition.pop("further", [])]
    endpoint = ModelEndpoint.objects.get(key="provider")
    return store_sampler(definition, endpoint=endpoint, further=further)


def make(chosen: Sampler, *, language: str = "fr", prompt: str = "bereavement") -> CandidateSet:
    text = PromptText.objects.get(prompt__key=prompt, language=language)
    made = request_pool_set(prompt_text=text, sampler=chosen, replicate=40)
    outcome = complete_candidate_set(made.pk)
    while outcome.status == "refused":  # independent draws are now and then twins
        outcome = complete_candidate_set(made.pk)
    made.refresh_from_db()
    assert outcome.status == "ready", [made.reasons, *made.refused_attempts.values("reasons")]
    return made


def poles() -> dict[str, dict[str, str]]:
    return {voice: {code: POLES[code][voice] for code in LANGUAGES} for voice in VOICES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_temperature_draws_are_calls_of_their_own(study: Any, language: str) -> None:
    made = make(sampler("warm", strategy="temperature"), language=language)
    assert [c.source for c in made.candidates.all()] == ["temperature"] * 4
    generations = list(made.generations.order_by("draw"))
    assert [g.draw for g in generations] == [0, 1, 2, 3]
    assert len({g.request["parameters"]["seed"] for g in generations}) == 4


def test_a_multi_model_set_asks_each_endpoint_once(
    study: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("second", "third", "fourth"):
        store_endpoint({"key": name, "model": f"model-{name}"})
    made = make(sampler("many", strategy="multi_model", further=["second", "third", "fourth"]))
    endpoints = [g.endpoint.key for g in made.generations.order_by("draw")]
    assert endpoints == ["provider", "second", "third", "fourth"]
    assert made.generations.filter(model_returned="model-third").exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_steered_set_speaks_for_each_named_pole(study: Any, language: str) -> None:
    made = make(sampler("steered", strategy="steered", poles=poles()), language=language)
    from demo.library import Library

    voices = Library().texts[language]["prompts"]["bereavement"]
    for candidate in made.candidates.all():
        assert candidate.text == voices[candidate.pole].strip()


def test_selection_draws_more_and_keeps_those_that_differ_most(study: Any) -> None:
    plain = make(sampler("warm", strategy="temperature"))
    selected = make(sampler("picked", strategy="temperature", oversample=10))
    assert selected.candidates.count() == 4
    assert selected.generations.count() == 10
    assert selected.measures["lexical"]["mean"] < plain.measures["lexical"]["mean"]


def test_selection_keeps_the_default_response(study: Any) -> None:
    made = make(sampler("picked-nc", strategy="nc_default", oversample=5))
    assert [c.source for c in made.candidates.all()] == ["nc", "nc", "nc", "default"]
    assert made.generations.get(part="diverse").parse_result == "4 of 4 responses"


def test_arms_share_one_anchor_per_prompt(study: Any, provider: Provider) -> None:
    first = make(sampler("arm-a", strategy="temperature", anchor=True))
    second = make(sampler("arm-b", strategy="nc", anchor=True))
    texts = [s.candidates.get(source="default").text for s in (first, second)]
    assert texts[0] == texts[1] == Anchor.objects.get().text
    assert first.candidates.count() == second.candidates.count() == 4
    assert not second.generations.filter(part="default").exists()


def test_arms_of_a_study_each_get_their_sets_and_slots(db: None, provider: Provider) -> None:
    definition = small_definition(prompts=1, further_arms=["diverse"])
    definition["study"] |= {"key": "arms"}
    definition["pool"]["key"] = "arms"
    study = apply_study(definition)
    sets = request_pool(study=study)
    assert {s.sampler.key for s in sets} == {"diverse-and-default", "diverse"}
    assert len(sets) == 10
    assert not Vendor.objects.exists()


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("json_schema", StructuredOutput.JSON_SCHEMA),
        ("no_schema", StructuredOutput.JSON_OBJECT),
        ("tool_only", StructuredOutput.TOOL),
        ("prose", StructuredOutput.DELIMITERS),
    ],
)
@pytest.mark.parametrize("language", ["fr", "hi"])
def test_what_a_server_can_do_is_found_out_and_used(
    study: Any, provider: Provider, mode: str, form: str, language: str
) -> None:
    ModelEndpoint.objects.update(structured_output=StructuredOutput.UNKNOWN)
    provider.structured(mode)
    made = make(sampler("diverse-9", version=9), language=language)
    assert ModelEndpoint.objects.get(key="provider").structured_output == form
    assert made.candidates.count() == 4


def test_what_was_found_out_is_not_asked_again(study: Any, provider: Provider) -> None:
    endpoint = ModelEndpoint.objects.get(key="provider")
    capability.output_form(endpoint)
    calls = provider.calls()
    capability.output_form(ModelEndpoint.objects.get(key="provider"))
    assert provider.calls() == calls


def test_a_server_that_changes_its_mind_is_refused_and_not_believed(
    study: Any, provider: Provider
) -> None:
    make(sampler("diverse-9", version=9))
    provider.structured("prose")
    text = PromptText.objects.get(prompt__key="bereavement", language="fr")
    made = request_pool_set(prompt_text=text, sampler=study.live_sampler, replicate=41)
    assert complete_candidate_set(made.pk).status == "refused"
    assert "wrong number" in made.refused_attempts.get().reasons[0]


def thresholds(value: float) -> dict[str, Any]:
    return {"thresholds": {"fr": {"lexical": value}}, "max_attempts": 2}


def test_a_set_below_the_threshold_is_made_again_then_quarantined(study: Any) -> None:
    strict = sampler("strict", **thresholds(0.0001), control_share=0.0)
    text = PromptText.objects.get(prompt__key="bereavement", language="fr")
    made = request_pool_set(prompt_text=text, sampler=strict, replicate=42)
    assert complete_candidate_set(made.pk).status == "refused"
    assert complete_candidate_set(made.pk).status == "quarantined"
    made.refresh_from_db()
    assert made.status == "quarantined"
    assert not made.candidates.exists()
    assert CandidateSet.objects.ready().filter(pk=made.pk).count() == 0


def test_a_control_set_skips_the_threshold_and_says_so(study: Any) -> None:
    made = make(sampler("lenient", **thresholds(0.0001), control_share=1.0))
    assert made.control
    assert made.reasons


def test_validity_is_never_skipped_by_control(study: Any, provider: Provider) -> None:
    chosen = sampler("lenient", **thresholds(0.0001), control_share=1.0)
    provider.misbehave("special_tokens")
    text = PromptText.objects.get(prompt__key="bereavement", language="fr")
    made = request_pool_set(prompt_text=text, sampler=chosen, replicate=43)
    assert complete_candidate_set(made.pk).status == "refused"


def test_a_measure_that_nobody_can_give_is_not_measured_and_never_passed(study: Any) -> None:
    semantic = sampler(
        "semantic",
        thresholds={"fr": {"semantic": 0.99}},
        max_attempts=1,
        control_share=0.0,
    )
    text = PromptText.objects.get(prompt__key="bereavement", language="fr")
    made = request_pool_set(prompt_text=text, sampler=semantic, replicate=44)
    assert complete_candidate_set(made.pk).status == "quarantined"
    made.refresh_from_db()
    assert "not measured" in "; ".join(made.reasons)


def test_embeddings_are_measured_where_the_endpoint_gives_them(study: Any) -> None:
    ModelEndpoint.objects.update(embedding_model="any")
    made = make(sampler("diverse-8", version=8))
    assert made.measures["semantic"]["mean"] < 1
    texts = [c.text for c in made.candidates.all()]
    assert made.measures["lexical"] == diversity.measure(texts, None)["lexical"]

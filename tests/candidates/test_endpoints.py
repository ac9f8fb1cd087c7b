"""Limits, budgets, rests and addresses of endpoints, against the provider over HTTP."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from annotation.actions.definition import apply_study
from annotation.models import Study
from candidates import budgets, limits, llm
from candidates.actions.endpoints import store_budget, store_endpoint
from candidates.actions.sets import request_live_set, request_pool_set
from candidates.addresses import find_fault
from candidates.endpoints import FAULTS_BEFORE_REST
from candidates.generation import complete_candidate_set
from candidates.models import Budget, CandidateSet, Generation, ModelEndpoint, PromptText
from tests.definitions import small_definition
from tests.provider import Provider

pytestmark = pytest.mark.django_db
CONTEXT = [{"role": "user", "content": "What is a good life?"}]


@pytest.fixture(autouse=True)
def fresh_counts() -> None:
    """Tests share the broker; each begins with untouched allowances and sums."""
    for key in limits._redis().scan_iter("*"):
        if b"LIMITER" in key or b"LIMITS" in key or b"in-flight" in key:
            limits._redis().delete(key)
    budgets._sums.clear()


def pool_set(study: Study, replicate: int, budget: Budget | None = None) -> CandidateSet:
    text = PromptText.objects.get(prompt__key="bereavement", language="fr")
    return request_pool_set(
        prompt_text=text, sampler=study.pool_sampler, replicate=replicate, budget=budget
    )


def live_set(study: Study) -> CandidateSet:
    return request_live_set(sampler=study.live_sampler, language="en", context=CONTEXT, seed=3)


def change_endpoint(**values: Any) -> None:
    ModelEndpoint.objects.update(**values)


def test_requests_over_the_minutes_limit_wait_and_are_not_made(
    study: Study, provider: Provider
) -> None:
    change_endpoint(requests_per_minute=2)
    assert complete_candidate_set(pool_set(study, 1).pk).status == "ready"  # two calls
    calls = provider.calls()
    second = pool_set(study, 2)
    outcome = complete_candidate_set(second.pk)
    assert outcome.status == "waiting"
    assert provider.calls() == calls
    second.refresh_from_db()
    assert second.status == "pending"
    assert second.leased_until > timezone.now()


def test_tokens_over_the_minutes_limit_wait(study: Study) -> None:
    change_endpoint(tokens_per_minute=1500)
    outcomes = [complete_candidate_set(live_set(study).pk).status for _set in range(3)]
    assert outcomes[0] == "ready"
    assert "waiting" in outcomes[1:] or "failed" in outcomes[1:]


def test_no_more_calls_are_in_flight_than_allowed(study: Study) -> None:
    change_endpoint(concurrency=1)
    endpoint = study.live_sampler.endpoint
    endpoint.refresh_from_db()
    with limits.allowance(endpoint, tokens=1):
        assert complete_candidate_set(live_set(study).pk).status == "waiting"
    assert complete_candidate_set(live_set(study).pk).status == "ready"


def test_a_place_in_flight_lapses_with_whoever_died_in_it(study: Study) -> None:
    endpoint = study.live_sampler.endpoint
    endpoint.concurrency, endpoint.timeout_seconds = 1, -limits.SLACK_SECONDS - 1
    limits._enter(endpoint)
    assert limits._enter(endpoint)


def test_after_faults_in_a_row_the_endpoint_rests_and_recovers(
    study: Study, provider: Provider
) -> None:
    made = pool_set(study, 1)
    provider.misbehave("server_error", times=FAULTS_BEFORE_REST)
    for _fault in range(FAULTS_BEFORE_REST):
        CandidateSet.objects.filter(pk=made.pk).update(
            leased_until=timezone.now() - timedelta(seconds=1)
        )
        complete_candidate_set(made.pk)
    endpoint = ModelEndpoint.objects.get()
    assert endpoint.rests_until is not None
    calls = provider.calls()
    assert complete_candidate_set(pool_set(study, 2).pk).status == "waiting"
    assert provider.calls() == calls
    change_endpoint(rests_until=timezone.now() - timedelta(seconds=1))
    assert complete_candidate_set(pool_set(study, 3).pk).status == "ready"
    recovered = ModelEndpoint.objects.get()
    assert recovered.faults_in_a_row == 0
    assert recovered.rests_until is None


def test_somebody_who_waits_in_person_is_told_when_the_endpoint_rests(study: Study) -> None:
    change_endpoint(rests_until=timezone.now() + timedelta(minutes=5))
    made = live_set(study)
    assert complete_candidate_set(made.pk).status == "failed"


def test_every_call_has_its_price(study: Study) -> None:
    change_endpoint(price_prompt=Decimal("2"), price_completion=Decimal("8"))
    made = live_set(study)
    complete_candidate_set(made.pk)
    generation = Generation.objects.get(candidate_set=made)
    assert generation.prompt_tokens
    assert generation.completion_tokens
    expected = (2 * generation.prompt_tokens + 8 * generation.completion_tokens) / 1_000_000
    assert float(generation.cost) == pytest.approx(expected)


def test_an_exhausted_budget_stops_and_loses_nothing(study: Study, provider: Provider) -> None:
    change_endpoint(price_completion=Decimal("1000"))
    budget = store_budget({"key": "small", "limit": "0.01"})
    assert complete_candidate_set(pool_set(study, 1, budget).pk).status == "ready"
    budgets._sums.clear()
    calls = provider.calls()
    second = pool_set(study, 2, budget)
    assert complete_candidate_set(second.pk).status == "waiting for money"
    assert provider.calls() == calls
    second.refresh_from_db()
    assert second.status == "pending"
    assert "budget small is used up" in second.reasons[0]
    store_budget({"key": "small", "limit": "1000"})
    budgets._sums.clear()
    CandidateSet.objects.filter(pk=second.pk).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    assert complete_candidate_set(second.pk).status == "ready"


def test_a_day_has_its_own_limit(study: Study) -> None:
    change_endpoint(price_completion=Decimal("1000"))
    budget = store_budget({"key": "daily", "limit": "1000", "daily_limit": "0.01"})
    complete_candidate_set(pool_set(study, 1, budget).pk)
    Generation.objects.update(created_at=timezone.now() + timedelta(minutes=5))  # past midnight
    budgets._sums.clear()
    assert "Today's part" in budgets.find_exhausted(budget)
    Generation.objects.update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    budgets._sums.clear()
    assert budgets.find_exhausted(budget) == ""


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1",
        "http://10.1.2.3/v1",
        "http://192.168.0.1/v1",
        "http://169.254.169.254/latest",
        "http://[::1]/v1",
        "http://0.0.0.0/v1",
    ],
)
def test_an_address_in_a_private_network_is_refused(address: str, settings: Any) -> None:
    assert "private network" in find_fault(address)
    host = address.split("//")[1].split("/")[0].rsplit(":", 1)[0].strip("[]")
    settings.ALLOWED_PRIVATE_HOSTS = [host, "::1"]
    assert find_fault(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://x/v1", "not a url", "file:///etc/passwd", "https://"),
        *("https://llm.example:99999/v1", "https://llm.example:x/v1", "https://[::1/v1"),
    ],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    assert "not a web address" in find_fault(address)


@pytest.mark.parametrize(
    "host",
    [
        *("::ffff:10.0.0.1", "64:ff9b::169.254.169.254", "2002:a00:1::", "::127.0.0.1"),
        *("ff02::1", "fec0::1"),
    ],
)
def test_an_address_that_stands_for_a_private_one_is_refused(host: str) -> None:
    assert "private network" in find_fault(f"https://[{host}]/v1")


def test_an_address_of_ipv6_that_leads_out_is_good() -> None:
    assert find_fault("https://[2606:4700::1111]/v1") == ""
    assert find_fault("https://[64:ff9b::8.8.8.8]/v1") == ""


def test_a_key_in_the_address_is_refused() -> None:
    assert "name its variable" in find_fault("https://user:key@llm.example/v1")


@pytest.mark.parametrize(
    ("variable", "address", "told"),
    [
        ("OPENAI_API_KEY", "https://her.example/v1", "OPENAI_API_KEY is not sent to her.example"),
        ("SECRET_KEY", "https://her.example/v1", "SECRET_KEY is not sent to her.example"),
        ("OTHER_API_KEY", "https://her.example/v1", "OTHER_API_KEY is not sent to her.example"),
        ("OTHER_API_KEY", "https://llm.example/v1", ""),
        ("OPENAI_API_KEY", "https://models.example/other/v1", ""),
    ],
)
def test_a_key_goes_to_its_own_host_alone(
    monkeypatch: pytest.MonkeyPatch, settings: Any, variable: str, address: str, told: str
) -> None:
    """Whoever writes a study names addresses and variables; the operator says which go together."""
    monkeypatch.setenv("OPENAI_BASE_URL", "https://models.example/v1")
    monkeypatch.setenv(variable, "hidden")
    settings.API_KEY_HOSTS = {"OTHER_API_KEY": "llm.example"}
    endpoint = ModelEndpoint(
        key="hers", base_url=address, api_key_variable=variable, moderation_model="m"
    )
    with pytest.raises(llm.ProviderError) as refused:
        llm.moderate(endpoint, "Bonjour")
    assert told in str(refused.value)
    assert ("is not sent" in str(refused.value)) == bool(told)


def test_a_private_address_changes_nothing_in_a_definition() -> None:
    with pytest.raises(ValidationError, match="private network"):
        store_endpoint({"key": "inside", "base_url": "http://127.0.0.1/v1"})
    assert not ModelEndpoint.objects.filter(key="inside").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 0}, "needs two candidates or more, not 0"),
        ({"n": 1}, "needs two candidates or more, not 1"),
        ({"oversample": 3}, "draws more than it keeps"),
        ({"strategy": "steered", "poles": {}}, "one pole a candidate"),
        ({"strategy": "multi_model"}, "one endpoint a draw"),
        ({"format_instructions": {}}, "format instruction"),
    ],
)
def test_a_sampler_that_cannot_work_is_refused_in_one_sentence(
    change: dict[str, Any], said: str
) -> None:
    definition = small_definition()
    definition["study"] |= {"key": "other"}
    definition["samplers"][1] |= {"key": "odd"} | change
    definition["study"]["live_sampler"] = "odd"
    with pytest.raises(ValidationError, match=said):
        apply_study(definition)
    assert not Study.objects.filter(key="other").exists()

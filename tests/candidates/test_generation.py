"""One set, from sampler to stored result, against the provider over HTTP."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from annotation.actions.definition import apply_study
from annotation.models import Study
from candidates import asking, llm, samplers
from candidates.actions.sets import request_live_set, request_pool_set, retry_failed_set
from candidates.generation import MAX_PROVIDER_ERRORS, complete_candidate_set
from candidates.models import (
    Anchor,
    Candidate,
    CandidateSet,
    Generation,
    ModelEndpoint,
    PromptText,
    Sampler,
)
from tests.definitions import small_definition
from tests.provider import Provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(study: Study, provider: Provider) -> CandidateSet:
    """A pool set that nobody has generated yet."""
    text = PromptText.objects.get(prompt__key="bereavement", language="it")
    return request_pool_set(prompt_text=text, sampler=study.pool_sampler, replicate=1)


def make_due(candidate_set: CandidateSet) -> None:
    CandidateSet.objects.filter(pk=candidate_set.pk).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    ModelEndpoint.objects.update(rests_until=None)


def test_a_set_has_three_diverse_responses_and_one_default(pending: CandidateSet) -> None:
    assert complete_candidate_set(pending.pk).status == "ready"
    pending.refresh_from_db()
    candidates = list(pending.candidates.all())
    assert [c.source for c in candidates] == ["nc", "nc", "nc", "default"]
    assert [c.generation_index for c in candidates] == [0, 1, 2, 0]
    assert len({c.text for c in candidates}) == 4
    assert len({c.handle for c in candidates}) == 4
    assert pending.ready_at is not None


def test_raw_answer_parse_result_and_provenance_are_stored(pending: CandidateSet) -> None:
    complete_candidate_set(pending.pk)
    diverse, default = pending.generations.order_by("pk")
    assert diverse.raw.startswith('{"responses"')
    assert diverse.parse_result == "3 of 3 responses"
    assert default.raw == pending.candidates.get(source="default").text
    for generation in (diverse, default):
        assert generation.request["messages"][-1]["content"] == pending.context[0]["content"]
        assert generation.request["parameters"]["temperature"] == 1.0
        assert generation.finish_reason == "stop"
        assert generation.canned
        assert generation.completion_tokens
        assert generation.latency_ms is not None
    assert pending.candidates.first().provenance()["canned"] is True  # type: ignore[union-attr]


def test_the_same_word_budget_and_form_bind_every_candidate(pending: CandidateSet) -> None:
    complete_candidate_set(pending.pk)
    form = pending.sampler.format_instructions["it"]
    for generation in pending.generations.all():
        assert form in generation.request["messages"][0]["content"]


def test_a_ready_set_is_frozen(pending: CandidateSet, provider: Provider) -> None:
    complete_candidate_set(pending.pk)
    before = provider.calls()
    make_due(pending)
    assert complete_candidate_set(pending.pk).status == "not due"
    assert provider.calls() == before
    assert pending.candidates.count() == 4


def test_a_set_is_requested_once(study: Study, pending: CandidateSet) -> None:
    again = request_pool_set(
        prompt_text=pending.prompt_text,  # type: ignore[arg-type]
        sampler=study.pool_sampler,
        replicate=1,
    )
    assert again == pending


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("fewer_parts", "wrong number of responses: 3 instead of 4"),
        ("duplicate_parts", "are the same text"),
        ("special_tokens", "contains a special token"),
        ("wrong_language", "language is fr, not it"),
        ("truncated", "truncated"),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason_and_never_a_candidate(
    pending: CandidateSet, provider: Provider, kind: str, reason: str
) -> None:
    provider.misbehave(kind, times=1)
    assert complete_candidate_set(pending.pk).status == "refused"
    refused = CandidateSet.objects.get(refused_for=pending)
    assert reason in "; ".join(refused.reasons)
    assert refused.generations.count() == 2
    assert refused.generations.order_by("pk")[0].raw
    assert not refused.candidates.exists()
    assert complete_candidate_set(pending.pk).status == "ready"
    assert pending.candidates.count() == 4


def test_after_the_last_attempt_the_set_has_failed(
    pending: CandidateSet, provider: Provider
) -> None:
    provider.misbehave("special_tokens", times=100)
    outcomes = [complete_candidate_set(pending.pk).status for _attempt in range(5)]
    assert outcomes == ["refused", "refused", "refused", "failed", "not due"]
    pending.refresh_from_db()
    assert pending.reasons[0] == "no attempt passed the checks"
    assert not Candidate.objects.filter(candidate_set=pending).exists()


def test_a_failed_set_can_be_tried_again(pending: CandidateSet, provider: Provider) -> None:
    provider.misbehave("special_tokens", times=8)
    while complete_candidate_set(pending.pk).status != "failed":
        pass
    provider.behave()
    retry_failed_set(candidate_set=pending)
    assert complete_candidate_set(pending.pk).status == "ready"
    assert pending.refused_attempts.count() == 4


def test_a_set_of_slow_calls_is_nobody_elses_meanwhile(
    pending: CandidateSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls of 100 seconds, and a lease of 180."""
    now, free = timezone.now(), []
    monkeypatch.setattr(settings, "GENERATION_LEASE_SECONDS", 180)
    monkeypatch.setattr(timezone, "now", lambda: now)

    def answered_slowly(candidate_set: CandidateSet, call: samplers.Call) -> Generation:
        nonlocal now
        found = asking.answer(candidate_set, call)
        now += timedelta(seconds=100)
        free.append(CandidateSet.objects.due().filter(pk=candidate_set.pk).exists())
        return found

    monkeypatch.setattr("candidates.generation.answer", answered_slowly)
    make_due(pending)
    assert complete_candidate_set(pending.pk).status == "ready"
    assert free == [False, False]


@pytest.mark.parametrize("kind", ["too_many_requests", "server_error"])
def test_a_passing_fault_is_waited_out(
    pending: CandidateSet, provider: Provider, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    provider.misbehave(kind, times=1)
    before = timezone.now()
    outcome = complete_candidate_set(pending.pk)
    assert outcome.status == "waiting"
    assert outcome.again_in is not None
    assert outcome.again_in >= 1
    pending.refresh_from_db()
    assert pending.leased_until >= before + timedelta(seconds=outcome.again_in)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: before)  # the second is not over, wherever it runs
        assert complete_candidate_set(pending.pk).status == "not due"
    make_due(pending)
    assert complete_candidate_set(pending.pk).status == "ready"
    assert pending.generations.exclude(error="").count() == 1


def test_a_provider_that_does_not_answer_is_a_passing_fault(
    pending: CandidateSet, provider: Provider
) -> None:
    endpoint = pending.sampler.endpoint
    endpoint.timeout_seconds = 1
    endpoint.save(update_fields=["timeout_seconds"])
    provider.misbehave("time_out", times=1)
    assert complete_candidate_set(pending.pk).status == "waiting"
    assert Generation.objects.get(candidate_set=pending).error == (
        "the provider did not answer in time"
    )


def test_faults_that_do_not_pass_end(pending: CandidateSet, provider: Provider) -> None:
    provider.misbehave("server_error", times=100)
    for _attempt in range(MAX_PROVIDER_ERRORS):
        make_due(pending)
        outcome = complete_candidate_set(pending.pk)
    assert outcome.status == "failed"
    pending.refresh_from_db()
    assert pending.reasons == ["the provider answered 500"]


def test_a_provider_that_is_down_from_the_start_ends_too(
    pending: CandidateSet, provider: Provider
) -> None:
    """Nobody knows yet what form it answers in: that question's faults count as well."""
    ModelEndpoint.objects.update(structured_output="unknown")
    provider.misbehave("server_error", times=100)
    for _attempt in range(MAX_PROVIDER_ERRORS):
        make_due(pending)
        outcome = complete_candidate_set(pending.pk)
    assert outcome.status == "failed"
    assert pending.generations.exclude(error="").count() == MAX_PROVIDER_ERRORS
    assert ModelEndpoint.objects.get().structured_output == "unknown"


def test_embeddings_that_never_come_end_too(
    pending: CandidateSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise llm.ProviderError("the provider answered 500", transient=True)

    monkeypatch.setattr(llm, "embed", fail)
    ModelEndpoint.objects.update(embedding_model="any")
    for _attempt in range(MAX_PROVIDER_ERRORS):
        make_due(pending)
        outcome = complete_candidate_set(pending.pk)
    assert outcome.status == "failed"
    assert pending.generations.filter(error="").count() == 2  # paid for once


def test_a_live_set_of_an_anchored_sampler_has_its_own_default(study: Study) -> None:
    Sampler.objects.filter(pk=study.pool_sampler.pk).update(anchor=True)
    chosen = Sampler.objects.get(pk=study.pool_sampler.pk)
    context = [{"role": "user", "content": "Come si vive con meno?"}]
    made = request_live_set(sampler=chosen, language="it", context=context, seed=2)
    assert complete_candidate_set(made.pk).status == "ready"
    assert not Anchor.objects.exists()


def test_a_missing_key_is_said_at_once(
    pending: CandidateSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert complete_candidate_set(pending.pk).status == "failed"
    pending.refresh_from_db()
    assert pending.reasons == ["no key is set: set OPENAI_API_KEY"]


def test_an_answer_that_was_paid_for_is_used_again(
    pending: CandidateSet, provider: Provider
) -> None:
    """The worker died between its two calls: the next run asks only for the second."""
    complete_candidate_set(pending.pk)
    pending.candidates.all().delete()
    pending.generations.filter(part="default").delete()
    CandidateSet.objects.filter(pk=pending.pk).update(status="pending")
    make_due(pending)
    before = provider.calls()
    assert complete_candidate_set(pending.pk).status == "ready"
    assert provider.calls() == before + 1


def test_a_claimed_set_is_left_to_its_worker(pending: CandidateSet, provider: Provider) -> None:
    CandidateSet.objects.filter(pk=pending.pk).update(
        leased_until=timezone.now() + timedelta(minutes=1)
    )
    assert complete_candidate_set(pending.pk).status == "not due"


def test_live_sets_differ_by_seed_and_repeat_for_it(study: Study) -> None:
    context = [{"role": "user", "content": "Come si vive con meno?"}]
    texts = []
    for seed in (5, 5, 6, 7, 8):
        made = request_live_set(
            sampler=study.live_sampler, language="it", context=context, seed=seed
        )
        assert complete_candidate_set(made.pk).status == "ready"
        texts.append([c.text for c in made.candidates.order_by("position")])
    assert texts[0] == texts[1]
    assert len({tuple(text) for text in texts}) > 1


def test_the_schema_is_sent_for_the_diverse_part_only(pending: CandidateSet) -> None:
    complete_candidate_set(pending.pk)
    diverse, default = pending.generations.order_by("pk")
    schema = diverse.request["form"]["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["responses"]["minItems"] == 3
    assert default.request["form"] is None


def test_a_set_with_three_parts_is_never_ready(study: Study, provider: Provider) -> None:
    apply_study(small_definition())
    for candidate_set in CandidateSet.objects.ready():
        assert candidate_set.candidates.count() == candidate_set.sampler.n

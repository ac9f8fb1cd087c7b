"""Nothing an annotator can fetch tells which model or sampler wrote a response."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Vendor
from annotation.actions.definition import apply_study
from annotation.actions.link import create_recruitment_link
from annotation.actions.pool import request_pool
from annotation.actions.study import open_study
from annotation.models import Phase
from candidates.generation import complete_candidate_set
from candidates.models import Candidate, Generation
from tests.definitions import small_definition
from tests.walker import Walker

MODEL, SAMPLER, ENDPOINT = "quagga-model-9000", "quagga-sampler", "quagga-endpoint"
pytestmark = pytest.mark.django_db


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every answer (body and headers) that the test's clients received."""
    answers: list[str] = []
    original = Client.request

    def recording(self: Client, **request: Any) -> Any:
        response = original(self, **request)
        answers.append(response.content.decode() + str(response.headers))
        return response

    monkeypatch.setattr(Client, "request", recording)
    return answers


def test_no_page_names_model_sampler_endpoint_or_source(
    monkeypatch: pytest.MonkeyPatch, fetched: list[str], provider: object
) -> None:
    monkeypatch.setenv("OPENAI_MODEL", MODEL)
    definition = small_definition(prompts=2)
    definition["study"]["key"] = "blind"
    definition["pool"]["key"] = "blind"
    definition["study"] |= {"pool_sampler": SAMPLER, "live_sampler": f"{SAMPLER}-live"}
    definition["endpoints"] = [{"key": ENDPOINT}]
    definition["samplers"] = definition["samplers"][:2]
    for sampler, key in zip(definition["samplers"], (SAMPLER, f"{SAMPLER}-live"), strict=True):
        sampler |= {"key": key, "endpoint": ENDPOINT}
    study = apply_study(definition)
    for candidate_set in request_pool(study=study):
        complete_candidate_set(candidate_set.pk)
    open_study(study=study)
    vendor = Vendor.objects.create(key="v", name="V")
    walker = Walker(create_recruitment_link(study=study, vendor=vendor, phase=Phase.MAIN))
    walker.enter()
    walker.finish()
    assert Generation.objects.filter(model_returned=MODEL).exists()
    everything = "\n".join(fetched)
    assert "data-answer" in everything
    for secret in (MODEL, SAMPLER, ENDPOINT, "nc_default", "generation_index", "negatively"):
        assert secret not in everything
    assert not re.search(r"\bnc\b", everything)


def test_handles_give_away_nothing(study: object) -> None:
    candidates = list(Candidate.objects.order_by("candidate_set", "position"))
    assert all(re.fullmatch(r"[0-9a-f]{16}", candidate.handle) for candidate in candidates)
    # Were handles in the order of generation, every set would be sorted; one in 24 is by chance.
    sets = [candidates[start : start + 4] for start in range(0, len(candidates), 4)]
    ordered = sum([c.handle for c in group] == sorted(c.handle for c in group) for group in sets)
    assert ordered < len(sets)

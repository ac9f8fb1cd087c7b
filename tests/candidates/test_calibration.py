"""Thresholds come from what the same language's independent draws look like."""

import io

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Study
from candidates.diversity import null_threshold
from candidates.models import CandidateSet, ModelEndpoint, Sampler
from tests.candidates.test_strategies import sampler

pytestmark = pytest.mark.django_db
VALUES = [0.5 + number / 100 for number in range(19)]


@pytest.fixture
def null(study: Study) -> Sampler:
    """A temperature sampler with nineteen measured sets in French."""
    null = sampler("warm", strategy="temperature")
    CandidateSet.objects.bulk_create(
        CandidateSet(
            sampler=null,
            language="fr",
            context=[],
            context_hash="",
            seed=number,
            status="ready",
            measures={"lexical": {"mean": value, "max": value}, "semantic": None},
        )
        for number, value in enumerate(VALUES)
    )
    return null


def test_a_calibrated_sampler_is_a_new_version(null: Sampler) -> None:
    out = io.StringIO()
    call_command("calibrate_sampler", "diverse", null="warm", stdout=out)
    first, second = Sampler.objects.filter(key="diverse").order_by("version")
    assert first.thresholds == {}
    assert second.thresholds == {"fr": {"lexical": null_threshold(VALUES, 0.05)}}
    assert second.instructions == first.instructions
    assert CandidateSet.objects.filter(sampler=second).count() == 0
    assert "fr: lexical 0.500" in out.getvalue()


def test_too_few_sets_are_told(null: Sampler) -> None:
    CandidateSet.objects.filter(sampler=null)[0].delete()
    with pytest.raises(CommandError, match="too few"):
        call_command("calibrate_sampler", "diverse", null="warm")
    assert Sampler.objects.filter(key="diverse").count() == 1


def test_only_independent_draws_are_a_null(study: Study) -> None:
    with pytest.raises(CommandError, match="no temperature sampler"):
        call_command("calibrate_sampler", "diverse", null="diverse-and-default")


def test_an_unknown_sampler_is_told(study: Study) -> None:
    with pytest.raises(CommandError, match="There is no sampler nosuch"):
        call_command("calibrate_sampler", "nosuch", null="diverse")
    assert ModelEndpoint.objects.count() == 1

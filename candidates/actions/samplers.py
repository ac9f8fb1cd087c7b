"""Versions of samplers are stored: from a study's definition, or calibrated."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.versions import store_version
from candidates import diversity
from candidates.models import CandidateSet, ModelEndpoint, Sampler
from candidates.samplers import find_fault


def store_sampler(
    definition: dict[str, Any], *, endpoint: ModelEndpoint, further: Sequence[ModelEndpoint] = ()
) -> Sampler:
    """One version of a sampler, from a definition. Raises ValidationError, storing nothing."""
    values = sampler_values(definition)
    fault = find_fault(
        strategy=values["strategy"],
        n=values["n"],
        oversample=values["oversample"],
        instructions=values["instructions"],
        format_instructions=values["format_instructions"],
        poles=values["poles"],
        endpoints=1 + len(further),
        default=values["strategy"] == Sampler.Strategy.NC_DEFAULT or values["anchor"],
    )
    if fault:
        raise ValidationError(f"Sampler {definition['key']}: {fault}")
    sampler = store_version(
        Sampler,
        identity={"key": definition["key"], "version": definition["version"]},
        values=values | {"endpoint": endpoint},
    )
    sampler.further_endpoints.add(*further)
    return sampler


def sampler_values(definition: dict[str, Any]) -> dict[str, Any]:
    """What a sampler's definition says, and what holds where it says nothing."""
    return {
        "strategy": Sampler.Strategy(definition["strategy"]),
        "n": definition["n"],
        "instructions": definition.get("instructions", {}),
        "format_instructions": definition["format_instructions"],
        "parameters": definition.get("parameters", {}),
        "words_min": definition["words_min"],
        "words_max": definition["words_max"],
        "max_attempts": definition.get("max_attempts", 3),
        "oversample": definition.get("oversample", 0),
        "poles": definition.get("poles", {}),
        "anchor": definition.get("anchor", False),
        "thresholds": definition.get("thresholds", {}),
        "tolerated_languages": definition.get("tolerated_languages", {}),
        "control_share": definition.get("control_share", 0.1),
    }


@transaction.atomic
def calibrate_sampler(*, sampler: Sampler, null: Sampler, quantile: float) -> Sampler:
    """A new version of a sampler: a set is shown if it is less alike than all but this share
    of the null's sets in its language. Raises ValidationError where the null is too small.
    """
    if null.strategy != Sampler.Strategy.TEMPERATURE:
        raise ValidationError(f"{null} is no temperature sampler, so its sets are no null.")
    thresholds: dict[str, dict[str, float]] = {}
    sets = CandidateSet.objects.ready().filter(sampler=null)
    for language in sorted(set(sets.values_list("language", flat=True))):
        measured = list(sets.filter(language=language).values_list("measures", flat=True))
        for name in ("lexical", "semantic"):
            values = [measures[name]["mean"] for measures in measured if measures.get(name)]
            if not values:
                continue  # what nobody measured can have no threshold
            try:
                threshold = diversity.null_threshold(values, quantile)
            except ValueError as error:
                raise ValidationError(f"{null} in {language}: {error}.") from error
            thresholds.setdefault(language, {})[name] = threshold
    if not thresholds:
        raise ValidationError(f"{null} has no ready sets: generate some first.")
    return _next_version(sampler, thresholds)


def _next_version(sampler: Sampler, thresholds: dict[str, dict[str, float]]) -> Sampler:
    further = list(sampler.further_endpoints.all())
    newest = Sampler.objects.filter(key=sampler.key).order_by("-version")[0]
    made = Sampler.objects.get(pk=sampler.pk)
    made.pk = None
    made._state.adding = True
    made.version, made.thresholds = newest.version + 1, thresholds
    made.save()
    made.further_endpoints.add(*further)
    return made

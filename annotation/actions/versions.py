"""The versioned parts of a study's definition: which version its contents are."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.actions import store_consent_document, store_instrument
from accounts.models import ConsentDocument, Instrument
from annotation.definition.contents import (
    Part,
    consent_contents,
    instrument_contents,
    sampler_contents,
)
from annotation.definition.rendering import render_consent, render_instrument, render_sampler
from annotation.models import Place, Study
from candidates.actions.endpoints import store_endpoint
from candidates.actions.samplers import store_sampler
from candidates.models import ModelEndpoint, Sampler


def put_consent(definition: Part, *, fresh: bool) -> ConsentDocument:
    """The consent text with these contents; a second call finds it."""
    numbered = _numbered(definition, ConsentDocument, render_consent, consent_contents, fresh)
    return store_consent_document(numbered)


def put_instrument(definition: Part, *, fresh: bool) -> Instrument:
    """The questionnaire with these contents; a second call finds it."""
    return store_instrument(
        _numbered(definition, Instrument, render_instrument, instrument_contents, fresh)
    )


def put_placements(definitions: list[dict[str, Any]], *, fresh: bool) -> list[dict[str, Any]]:
    """The further questionnaires of a file, with the place of each; a second call finds them."""
    return [
        {
            "key": item["key"],
            "instrument": put_instrument(item, fresh=fresh).pk,
            "at": item["placement"],
            **({"after": item["after"]} if item["placement"] == Place.BETWEEN else {}),
        }
        for item in definitions
    ]


def put_samplers(
    definitions: list[dict[str, Any]],
    *,
    endpoints: list[dict[str, Any]],
    study: str,
    fresh: bool,
) -> dict[str, Sampler]:
    """The samplers with these contents, by key; a second call finds them.

    Where another study's messages are sent is not changed from here.
    """
    keys = [item["key"] for item in endpoints]
    # Locked, so that no other study begins to use one while it is rewritten for this.
    there = ModelEndpoint.objects.select_for_update().filter(key__in=keys).order_by("pk")
    own = {one.key for one in there} - _endpoints_elsewhere(keys, study) if fresh else set()
    known = {item["key"]: store_endpoint(item, rewrite=item["key"] in own) for item in endpoints}
    return {item["key"]: _put_sampler(item, known, fresh) for item in definitions}


def _endpoints_elsewhere(keys: list[str], study: str) -> set[str]:
    """Those of these keys that an arm of another study answers from; its rehearsals are its own."""
    others = Study.objects.exclude(Q(key=study) | Q(rehearsal_of__key=study))
    arms = others.values_list("pool_sampler", "live_sampler", "further_arms")
    samplers = Sampler.objects.filter(pk__in={pk for row in arms for pk in row if pk})
    used = samplers.values_list("endpoint__key", "further_endpoints__key")
    return {key for row in used for key in row} & set(keys)


def _put_sampler(definition: Part, known: Mapping[str, ModelEndpoint], fresh: bool) -> Sampler:
    return store_sampler(
        _numbered(definition, Sampler, render_sampler, sampler_contents, fresh),
        endpoint=known[definition["endpoint"]],
        further=[known[key] for key in definition.get("further_endpoints", [])],
    )


def _numbered(
    definition: Part,
    model: type[models.Model],
    render: Callable[[Any], dict[str, Any]],
    contents: Callable[[Part], dict[str, Any]],
    fresh: bool,
) -> dict[str, Any]:
    """The definition under the version that says just this.

    A stored version with the same contents is it; the version that the file names comes
    first. A number that is taken by others makes way for the next one while the study is
    written. Afterwards that is refused, for people have seen it.
    """
    wanted = definition.get("version", 1)
    stored = list(model._default_manager.filter(key=definition["key"]).order_by("-version"))
    stored.sort(key=lambda record: record.version != wanted)  # type: ignore[attr-defined]
    numbers = [record.version for record in stored]  # type: ignore[attr-defined]
    mine = contents(definition)
    for number, record in zip(numbers, stored, strict=True):
        if contents(render(record)) == mine:
            return {**definition, "version": number}
    if wanted not in numbers:
        return {**definition, "version": wanted}
    if fresh:
        return {**definition, "version": max(numbers) + 1}
    raise ValidationError(
        f"{model._meta.verbose_name} {definition['key']} version {wanted} exists already with "
        "other contents. Give the changed one a new version or key."
    )

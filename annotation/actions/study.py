"""A study is defined by one file, its pool is generated, its slots are planned."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions import store_consent_document, store_instrument
from accounts.models import Vendor
from accounts.versions import store_version, translated
from annotation.dealing import derive_seed
from annotation.models import Phase, RecruitmentLink, Slot, Study, StudyLocale, Wave
from annotation.models.assignment import slots_for
from annotation.models.study import ExplanationPolicy
from candidates.actions import (
    request_pool_set,
    store_budget,
    store_endpoint,
    store_pool,
    store_sampler,
)
from candidates.models import CandidateSet, PromptText

TEXTS = ("title", "summary", "guidelines", "own_prompt_instruction", "explanation_question")


@transaction.atomic
def apply_study(definition: dict[str, Any]) -> Study:
    """Stores a study's definition; applying the same file again changes nothing.

    Raises ValidationError, with nothing stored, where a text is missing in a language
    or where a part exists already with other contents.
    """
    missing = find_missing_texts(definition)
    if missing:
        raise ValidationError(f"These texts are missing in a language: {'; '.join(missing)}.")
    try:
        return _store(definition)
    except KeyError as error:
        raise ValidationError(f"The study's definition lacks {error}.") from error
    except ValueError as error:
        raise ValidationError(f"The study's definition cannot be used: {error}.") from error


def _store(definition: dict[str, Any]) -> Study:
    endpoints = {item["key"]: store_endpoint(item) for item in definition["endpoints"]}
    samplers = {
        item["key"]: store_sampler(
            item,
            endpoint=endpoints[item["endpoint"]],
            further=[endpoints[key] for key in item.get("further_endpoints", [])],
        )
        for item in definition["samplers"]
    }
    about = definition["study"]
    budget = store_budget(definition["budget"]) if "budget" in definition else None
    values: dict[str, Any] = {
        "consent_document": store_consent_document(definition["consent"]),
        "quota_instrument": store_instrument(definition["instruments"]["quota"]),
        "closing_instrument": store_instrument(definition["instruments"]["closing"]),
        "pool": store_pool(definition["pool"]),
        "pool_sampler": samplers[about["pool_sampler"]],
        "live_sampler": samplers[about["live_sampler"]],
        "pool_conversations": about["pool_conversations"],
        "own_conversations": about["own_conversations"],
        "turn_lengths": {str(turns): weight for turns, weight in about["turn_lengths"].items()},
        "lease_minutes": about["lease_minutes"],
        "seed": about["seed"],
        "budget": budget,
    }
    for field in TEXTS:
        values |= translated(field, about[field])
    study = store_version(Study, identity={"key": about["key"]}, values=values)
    study.further_arms.add(*(samplers[key] for key in about.get("further_arms", [])))
    for locale in about["locales"]:
        store_version(
            StudyLocale,
            identity={
                "study": study,
                "country": locale["country"],
                "language": locale["language"],
            },
            values={"target": locale["target"], "legal_basis": locale.get("legal_basis", "")},
        )
    for wave in about["waves"]:
        store_version(
            Wave,
            identity={"study": study, "number": wave["number"]},
            values={"explanation_policy": ExplanationPolicy(wave["explanations"])},
        )
    return study


def find_missing_texts(definition: Any, path: str = "") -> list[str]:
    """Places in a definition where a text exists in some language but not in all of them."""
    languages = {code for code, _name in settings.LANGUAGES}
    if isinstance(definition, dict):
        found = languages & set(definition)
        if found:
            lacking = sorted(code for code in languages if not definition.get(code))
            return [f"{path} ({', '.join(lacking)})"] if lacking else []
        return [
            place
            for key, value in definition.items()
            for place in find_missing_texts(value, f"{path}.{key}".lstrip("."))
        ]
    if isinstance(definition, list):
        return [
            place
            for index, value in enumerate(definition)
            for place in find_missing_texts(value, f"{path}[{index}]")
        ]
    return []


def request_pool(*, study: Study, enqueue: bool = True) -> list[CandidateSet]:
    """One frozen set for each prompt, language and arm of the study; finds those that exist."""
    languages = set(study.locales.values_list("language", flat=True))
    texts = (
        PromptText.objects.filter(
            prompt__pool=study.pool, prompt__retired_at=None, language__in=languages
        )
        .order_by("prompt", "language", "-version")
        .distinct("prompt", "language")
        .select_related("prompt")
    )
    return [
        request_pool_set(prompt_text=text, sampler=arm, budget=study.budget, enqueue=enqueue)
        for arm in study.arms()
        for text in texts
    ]


@transaction.atomic
def open_study(*, study: Study) -> int:
    """Plans the main phase's slots and lets people in; returns how many slots it added.

    Raises ValidationError while a prompt lacks a ready set.
    """
    sets = request_pool(study=study)
    waiting = [item for item in sets if item.status != CandidateSet.Status.READY]
    if waiting:
        raise ValidationError(f"{len(waiting)} of {len(sets)} candidate sets are not ready.")
    added = plan_slots(study=study, phase=Phase.MAIN)
    study.status = Study.Status.OPEN
    study.save(update_fields=["status"])
    return added


def plan_slots(*, study: Study, phase: str) -> int:
    """Slots for every ready pool set in every locale of its language, up to the target."""
    ready = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(), prompt_text__prompt__pool=study.pool
    )
    before = Slot.objects.filter(locale__study=study).count()
    for candidate_set in ready.select_related("prompt_text__prompt"):
        for locale in study.locales.filter(language=candidate_set.language):
            draws = [
                derive_seed(study.seed, "draw", candidate_set.pk, locale.pk, ordinal) % 2**31
                for ordinal in range(locale.target)
            ]
            Slot.objects.bulk_create(
                slots_for(candidate_set, locale, phase, draws), ignore_conflicts=True
            )
    return Slot.objects.filter(locale__study=study).count() - before


def create_recruitment_link(*, study: Study, vendor: Vendor, phase: str) -> RecruitmentLink:
    """The vendor's link into the study's latest wave; a second call finds the first."""
    link, _created = RecruitmentLink.objects.get_or_create(
        study=study, vendor=vendor, wave=study.waves.order_by("-number")[0], phase=phase
    )
    return link

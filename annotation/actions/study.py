"""A study is defined by one file, its pool is generated, its slots are planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.actions import store_consent_document, store_instrument
from accounts.models import Vendor
from accounts.versions import store_version, translated
from annotation import practice, quotas
from annotation.dealing import derive_seed
from annotation.models import (
    Convention,
    Mode,
    Phase,
    Quota,
    RecruitmentLink,
    Slot,
    Study,
    StudyLocale,
    Wave,
)
from annotation.models.assignment import slots_for
from annotation.models.study import ExplanationPolicy
from annotation.recruitment import PROLIFIC_EXIT, check_link
from candidates.actions import (
    request_pool_set,
    retire,
    store_budget,
    store_endpoint,
    store_pool,
    store_sampler,
)
from candidates.models import CandidateSet, Prompt, PromptText, Sampler
from candidates.parallel import is_servable, request_parallel_set
from candidates.pools import Gap, find_gaps

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
        fault = find_fault(definition)
        if fault:
            raise ValidationError(fault)
        return _store(definition)
    except KeyError as error:
        raise ValidationError(f"The study's definition lacks {error}.") from error
    except ValueError as error:
        raise ValidationError(f"The study's definition cannot be used: {error}.") from error


def find_fault(definition: dict[str, Any]) -> str:
    """What in the practice item, the screening or the quotas cannot be used; empty: nothing."""
    about, asked = definition["study"], definition["instruments"]["quota"]["questions"]
    sensitive = [item["code"] for item in asked if item.get("special_category")]
    if sensitive:
        return (
            f"The quota instrument asks {', '.join(sensitive)}, a special category: "
            "such questions come after consent and screen nobody out."
        )
    questions = {item["code"]: item for item in asked}
    faults = [practice.find_fault(about.get("practice", {}))]
    faults += [quotas.find_fault(quota, questions) for quota in about.get("quotas", [])]
    return next((fault for fault in faults if fault), "")


def _store(definition: dict[str, Any]) -> Study:
    about = definition["study"]
    samplers = _store_samplers(definition)
    study = store_version(
        Study,
        identity={"key": about["key"]},
        values=_parts(definition, samplers) | _settings(about) | _texts(about),
    )
    study.further_arms.add(*(samplers[key] for key in about.get("further_arms", [])))
    _store_locales(study, about["locales"])
    _store_waves(study, about["waves"])
    _store_quotas(study, about.get("quotas", []))
    return study


def _store_samplers(definition: dict[str, Any]) -> dict[str, Sampler]:
    endpoints = {item["key"]: store_endpoint(item) for item in definition["endpoints"]}
    return {
        item["key"]: store_sampler(
            item,
            endpoint=endpoints[item["endpoint"]],
            further=[endpoints[key] for key in item.get("further_endpoints", [])],
        )
        for item in definition["samplers"]
    }


def _parts(definition: dict[str, Any], samplers: dict[str, Sampler]) -> dict[str, Any]:
    """The records that a study points to."""
    about = definition["study"]
    return {
        "budget": store_budget(definition["budget"]) if "budget" in definition else None,
        "consent_document": store_consent_document(definition["consent"]),
        "quota_instrument": store_instrument(definition["instruments"]["quota"]),
        "closing_instrument": store_instrument(definition["instruments"]["closing"]),
        "pool": store_pool(definition["pool"]),
        "pool_sampler": samplers[about["pool_sampler"]],
        "live_sampler": samplers[about["live_sampler"]],
    }


def _settings(about: dict[str, Any]) -> dict[str, Any]:
    return {
        "pool_conversations": about["pool_conversations"],
        "own_conversations": about["own_conversations"],
        "turn_lengths": {str(turns): weight for turns, weight in about["turn_lengths"].items()},
        "lease_minutes": about["lease_minutes"],
        "seed": about["seed"],
        "modes": _modes(about.get("modes", [Mode.RANKING])),
        "partial_allowed": about.get("partial_allowed", False),
        "practice": about.get("practice", {}),
        "expected_minutes": about.get("expected_minutes", 30),
        "daily_cap": about.get("daily_cap"),
        "closes_on": _day(about.get("closes_on")),
        "check_duplicates": about.get("check_duplicates", False),
        "contact": about.get("contact", ""),
        "translation_stage": PromptText.Stage(about.get("translation_stage", "adjudicated")),
    }


def _texts(about: dict[str, Any]) -> dict[str, Any]:
    return {name: text for field in TEXTS for name, text in translated(field, about[field]).items()}


def _store_locales(study: Study, locales: list[dict[str, Any]]) -> None:
    for locale in locales:
        store_version(
            StudyLocale,
            identity={
                "study": study,
                "country": locale["country"],
                "language": locale["language"],
            },
            values={
                "target": locale["target"],
                "legal_basis": locale.get("legal_basis", ""),
                "pay": _money(locale.get("pay")),
                "short_pay": _money(locale.get("short_pay")),
                "currency": locale.get("currency", ""),
            },
        )


def _store_waves(study: Study, waves: list[dict[str, Any]]) -> None:
    for wave in waves:
        store_version(
            Wave,
            identity={"study": study, "number": wave["number"]},
            values={
                "explanation_policy": ExplanationPolicy(wave["explanations"]),
                "explanation_share": float(wave.get("explanation_share", 1)),
            },
        )


def _store_quotas(study: Study, quotas: list[dict[str, Any]]) -> None:
    for quota in quotas:
        store_version(
            Quota,
            identity={"study": study, "key": quota["key"]},
            values={"conditions": quota["conditions"], "target": quota["target"]},
        )


def _day(value: Any) -> date | None:
    """A day as YAML reads it, or written as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _modes(names: list[str]) -> list[str]:
    if not names:
        raise ValueError("modes names no mode")
    return [Mode(name).value for name in names]


def _money(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount)).quantize(Decimal("0.01"))


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
    texts = _newest_texts(study)
    return [
        request_pool_set(prompt_text=text, sampler=arm, budget=study.budget, enqueue=enqueue)
        for arm in study.arms()
        for text in texts
    ]


def request_parallel_pool(*, study: Study, source: str) -> list[CandidateSet]:
    """The ready native sets of one language, translated into the study's other languages."""
    texts = _newest_texts(study)
    originals = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(),
        language=source,
        parallel_to=None,
        replicate=0,
        prompt_text__in=[text.pk for text in texts],
    )
    return [
        request_parallel_set(original=original, prompt_text=text)
        for original in originals.select_related("prompt_text", "sampler", "budget")
        for text in texts
        if original.prompt_text is not None
        and text.language != source
        and text.prompt_id == original.prompt_text.prompt_id
    ]


def _newest_texts(study: Study) -> list[PromptText]:
    """The newest version of each prompt in use, in each language of the study."""
    return list(
        PromptText.objects.filter(
            prompt__pool=study.pool,
            prompt__retired_at=None,
            language__in=study.locales.values("language"),
        )
        .order_by("prompt", "language", "-version")
        .distinct("prompt", "language")
        .select_related("prompt")
    )


@transaction.atomic
def open_study(*, study: Study) -> int:
    """Plans the main phase's slots and lets people in; returns how many slots it added.

    Raises ValidationError while a prompt lacks a text in a language of the study, while
    a translation is older than its original, or while a prompt lacks a ready set.
    """
    gaps = find_gaps(study.pool, languages=_languages(study))
    if gaps:
        raise ValidationError(f"The study cannot open: {_name_gaps(gaps)}.")
    sets = request_pool(study=study)
    waiting = [item for item in sets if item.status != CandidateSet.Status.READY]
    if waiting:
        raise ValidationError(f"{len(waiting)} of {len(sets)} candidate sets are not ready.")
    added = plan_slots(study=study, phase=Phase.MAIN)
    study.status = Study.Status.OPEN
    study.save(update_fields=["status"])
    return added


def _languages(study: Study) -> set[str]:
    return set(study.locales.values_list("language", flat=True))


def _name_gaps(gaps: Sequence[Gap], most: int = 20) -> str:
    """Each gap with its prompt and language; beyond `most` the rest is counted."""
    named = "; ".join(str(gap) for gap in gaps[:most])
    return named if len(gaps) <= most else f"{named}; and {len(gaps) - most} more"


@transaction.atomic
def plan_slots(*, study: Study, phase: str) -> int:
    """Slots for every ready pool set in every locale of its language, up to the target.

    Sets of retired prompts and of texts that have a newer version get none.
    """
    _lock_prompts(study.pool_id)
    ready = CandidateSet.objects.ready().filter(
        sampler__in=study.arms(),
        prompt_text__in=[text.pk for text in _newest_texts(study)],
    )
    before = Slot.objects.filter(locale__study=study).count()
    for candidate_set in ready.select_related("prompt_text__prompt"):
        if not is_servable(candidate_set, study.translation_stage):
            continue
        for locale in study.locales.filter(language=candidate_set.language):
            draws = [
                derive_seed(study.seed, "draw", candidate_set.pk, locale.pk, ordinal) % 2**31
                for ordinal in range(locale.target)
            ]
            Slot.objects.bulk_create(
                slots_for(candidate_set, locale, phase, draws), ignore_conflicts=True
            )
    return Slot.objects.filter(locale__study=study).count() - before


def _lock_prompts(pool_id: int) -> dict[int, Prompt]:
    """A pool's prompts, so that no slot of one appears while it is being retired.

    Without their keys: a person who claims a slot refers to its prompt and never waits.
    """
    prompts = Prompt.objects.filter(pool=pool_id).order_by("pk")
    return {prompt.pk: prompt for prompt in prompts.select_for_update(no_key=True)}


@transaction.atomic
def retire_prompt(*, prompt: Prompt, why: str) -> int:
    """Gives a prompt to nobody new; returns how many open slots it voided.

    Judgements and done slots stay as they are. Whoever holds a slot now may finish, and
    it counts; whoever returns after her lease lapsed is kept as surplus. A second call
    keeps the first reason and voids the slots that people have let go since.
    """
    locked = _lock_prompts(prompt.pool_id)[prompt.pk]
    retire(prompt=locked, why=why)
    return _void_free_slots(locked)


def _void_free_slots(prompt: Prompt) -> int:
    # A claim that commits first has moved the lease, and the row no longer matches.
    return (
        Slot.objects.open()
        .filter(prompt=prompt, leased_until__lt=timezone.now())
        .update(status=Slot.Status.VOID)
    )


@dataclass(frozen=True)
class Replacement:
    """What a replacement did: slots voided and planned, sets that are still to be made."""

    voided: int
    planned: int
    waiting: int


@transaction.atomic
def replace_prompt(*, prompt: Prompt, by: Prompt, why: str) -> Replacement:
    """Retires a prompt and plans another of its pool in every open study of the pool.

    The judgements of the old one stay its own; the new one is judged from the start. A
    second call plans the slots of sets that have become ready since. Raises
    ValidationError where the new one is retired, of another pool, or not in every language.
    """
    locked = _lock_prompts(prompt.pool_id)
    old, new = locked[prompt.pk], locked.get(by.pk)
    if new is None or new == old:
        raise ValidationError(f"{old} is replaced by another prompt of the same pool.")
    if new.retired_at:
        raise ValidationError(f"{new} is retired itself and replaces nothing.")
    studies = list(Study.objects.filter(pool=new.pool_id, status=Study.Status.OPEN))
    for study in studies:
        gaps = find_gaps(study.pool, languages=_languages(study), key=new.key)
        if gaps:
            raise ValidationError(f"{new} cannot replace {old}: {_name_gaps(gaps)}.")
    retire(prompt=old, why=why, replaced_by=new)
    planned = waiting = 0
    for study in studies:
        sets = [
            request_pool_set(prompt_text=text, sampler=study.pool_sampler)
            for text in _newest_texts(study)
            if text.prompt_id == new.pk
        ]
        waiting += sum(item.status != CandidateSet.Status.READY for item in sets)
        planned += plan_slots(study=study, phase=Phase.MAIN)
    return Replacement(voided=_void_free_slots(old), planned=planned, waiting=waiting)


def create_recruitment_link(
    *,
    study: Study,
    vendor: Vendor,
    phase: str,
    wave: Wave | None = None,
    convention: str = Convention.PLAIN,
    codes: Mapping[str, str] | None = None,
    exits: Mapping[str, str] | None = None,
    signing_key_variable: str = "",
    signed_entry: bool = False,
) -> RecruitmentLink:
    """The vendor's link into a wave, by default the latest. The same call finds it again.

    Other options make another link: an address that was handed out never changes. Raises
    ValidationError, in one sentence, for a link that could not work.
    """
    agreed, ways = dict(codes or {}), dict(exits or {})
    check_link(
        convention=convention,
        codes=agreed,
        exits=ways,
        signing_key_variable=signing_key_variable,
        signed_entry=signed_entry,
    )
    if convention == Convention.PROLIFIC:  # it knows people's outcome by the agreed code
        ways = dict.fromkeys(agreed, PROLIFIC_EXIT) | ways
    link, _created = RecruitmentLink.objects.get_or_create(
        study=study,
        vendor=vendor,
        wave=wave or study.waves.order_by("-number")[0],
        phase=phase,
        convention=convention,
        codes=agreed,
        exits=ways,
        signing_key_variable=signing_key_variable,
        signed_entry=signed_entry,
    )
    return link

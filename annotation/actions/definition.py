"""A study is defined by one file. Until it opens, another file replaces its rows."""

from decimal import InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import ProtectedError

from accounts.models import User
from accounts.versions import put_version
from annotation.actions.freezing import amend_plan
from annotation.actions.shared import put_budget, put_pool
from annotation.actions.versions import put_consent, put_instrument, put_placements, put_samplers
from annotation.definition.faults import cells_of, find_fault, find_missing_texts
from annotation.definition.values import locale_values, settings_of, texts_of
from annotation.models import (
    Phase,
    PlanChange,
    Quota,
    Study,
    StudyLocale,
    Wave,
)
from annotation.models.parts import ExplanationPolicy
from candidates.models import Sampler

# What to do instead, once a study has opened.
ELSEWHERE = (
    "The study has opened: targets change on its plan page, cells with set_quotas, prompts "
    "with import_prompts and retire_prompt; for anything else clone it under a new key."
)


@transaction.atomic
def apply_study(definition: dict[str, Any], *, by: User | None = None) -> Study:
    """Stores a study's definition; applying the same file again changes nothing.

    Until the study opens, a changed definition replaces its rows, and consent texts,
    questionnaires and samplers that changed get their next version. `by` is who stores it from
    a page; None is somebody at the server. Raises ValidationError, with nothing stored, where a
    text is missing in a language, or where a study that has opened would change.
    """
    try:
        missing = find_missing_texts(definition)
        fault = find_fault(definition) if not missing else ""
        if missing:
            fault = f"These texts are missing in a language: {'; '.join(missing)}."
        if fault:
            raise ValidationError(fault)
        return _store(definition, by)
    except KeyError as error:
        raise ValidationError(f"The study's definition lacks {error}.") from error
    except ProtectedError as error:
        raise ValidationError(
            "A locale or wave that has a recruitment link or somebody in it cannot be taken "
            "out of the study. Previews count here: remove them on the page “Open and close” first."
        ) from error
    except InvalidOperation as error:
        raise ValidationError(
            "An amount of money of the study's definition is no number."
        ) from error
    except ValueError as error:
        raise ValidationError(f"The study's definition cannot be used: {error}.") from error
    except DataError as error:
        raise ValidationError(
            "A text or a number of the study's definition is too long or too large to be stored."
        ) from error
    except (TypeError, AttributeError) as error:
        raise ValidationError(
            "Some part of the study's definition does not have the form that a study file has."
        ) from error


def is_fresh(study: Study) -> bool:
    """Whether nobody has met the study: it is a draft, and only previews were made of it."""
    people = study.participations.exclude(phase=Phase.PREVIEW)
    return study.status == Study.Status.DRAFT and not people.exists()


def _store(definition: dict[str, Any], by: User | None) -> Study:
    about = definition["study"]
    # Locked first, as where it opens: what opens meanwhile is not taken for a draft.
    stored = Study.objects.select_for_update(no_key=True).filter(key=about["key"]).first()
    fresh = stored is None or is_fresh(stored)
    samplers = put_samplers(
        definition["samplers"],
        endpoints=definition["endpoints"],
        study=about["key"],
        fresh=fresh,
    )
    values = _parts(definition, samplers, fresh, by) | settings_of(about) | texts_of(about)
    if stored and _replanned(stored, PlanChange.Kind.REPLACED):
        values["core"] = stored.core  # replacements have joined it
    study: Study = _put(Study, identity={"key": about["key"]}, values=values, fresh=fresh)
    arms = [samplers[key] for key in about.get("further_arms", [])]
    if fresh:
        study.further_arms.set(arms)
    else:
        _refuse_other_work(study, arms, about["locales"])
    _store_locales(study, about["locales"], fresh)
    _store_waves(study, about["waves"], fresh)
    _store_quotas(study, cells_of(definition), fresh)
    if not fresh:  # a further wave, or prompts that were added
        amend_plan(study=study, why="stored again while it is open")
    return study


def _put(model: Any, *, identity: dict[str, Any], values: dict[str, Any], fresh: bool) -> Any:
    try:
        return put_version(model, identity=identity, values=values, rewrite=fresh)
    except ValidationError as error:
        raise ValidationError(f"{error.messages[0]} {ELSEWHERE}") from error


def _refuse_other_work(study: Study, arms: list[Sampler], locales: list[dict[str, Any]]) -> None:
    """Where a study runs, and which arms it has, is as planned when it opened."""
    differs = {
        "further_arms": set(study.further_arms.all()) != set(arms),
        "locales": set(study.locales.values_list("country", "language"))
        != {(locale["country"], locale["language"]) for locale in locales},
    }
    for name, changed in differs.items():
        if changed:
            raise ValidationError(f"The study {study} differs in {name}. {ELSEWHERE}")


def _parts(
    definition: dict[str, Any], samplers: dict[str, Sampler], fresh: bool, by: User | None
) -> dict[str, Any]:
    """The records that a study points to."""
    about, instruments = definition["study"], definition["instruments"]
    return {
        "budget": put_budget(definition.get("budget"), study=about["key"], by=by),
        "consent_document": put_consent(definition["consent"], fresh=fresh),
        "quota_instrument": put_instrument(instruments["quota"], fresh=fresh),
        "closing_instrument": put_instrument(instruments["closing"], fresh=fresh),
        "placements": put_placements(instruments.get("further") or [], fresh=fresh),
        "pool": put_pool(definition["pool"], study=about["key"], fresh=fresh),
        "pool_sampler": samplers[about["pool_sampler"]],
        "live_sampler": samplers[about["live_sampler"]],
    }


def _store_locales(study: Study, locales: list[dict[str, Any]], fresh: bool) -> None:
    replanned = _replanned(
        study, PlanChange.Kind.TARGET, details__phase=Phase.MAIN, details__has_key="locale"
    )
    if fresh:
        named = {(locale["country"], locale["language"]) for locale in locales}
        for one in study.locales.all():
            if (one.country, one.language) not in named:
                one.delete()
    for locale in locales:
        identity = {"study": study, "country": locale["country"], "language": locale["language"]}
        stored = StudyLocale.objects.filter(**identity).first() if replanned else None
        _put(StudyLocale, identity=identity, values=locale_values(locale, stored), fresh=fresh)


def _store_waves(study: Study, waves: list[dict[str, Any]], fresh: bool) -> None:
    if fresh:
        study.waves.exclude(number__in=[wave["number"] for wave in waves]).delete()
    for wave in waves:
        _put(
            Wave,
            identity={"study": study, "number": wave["number"]},
            values={
                "explanation_policy": ExplanationPolicy(wave["explanations"]),
                "explanation_share": float(wave.get("explanation_share", 1)),
            },
            fresh=fresh,
        )


def _store_quotas(study: Study, cells: list[dict[str, Any]], fresh: bool) -> None:
    if _replanned(study, PlanChange.Kind.CELLS):
        return
    new = {cell["key"] for cell in cells}
    if fresh:
        study.quotas.exclude(key__in=new).delete()
    elif new != set(study.quotas.values_list("key", flat=True)):
        raise ValidationError(
            f"The study {study} is open, so its cells are changed with the command set_quotas."
        )
    for cell in cells:
        values = {"conditions": cell["conditions"], "target": cell["target"]}
        _put(Quota, identity={"study": study, "key": cell["key"]}, values=values, fresh=fresh)


def _replanned(study: Study, kind: PlanChange.Kind, **what: Any) -> bool:
    """Whether the plan was changed since; then the file is only where it began."""
    return PlanChange.objects.filter(study=study, kind=kind, **what).exists()

"""Finds what a request names; where there is no such thing, one sentence says what there is."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

from accounts.models import Vendor
from annotation.models import Phase, Study
from exports.containers import Container
from exports.format import Format
from exports.formats import FORMATS
from exports.models import Tier
from exports.scope import Times, Variant

Choice = TypeVar("Choice", bound=StrEnum)


def find_study(key: str) -> Study:
    """Raises ValidationError, as all of these do."""
    study = Study.objects.filter(key=key).first()
    return study or _no("study", key, Study.objects.order_by("key").values_list("key", flat=True))


def refuse_rehearsal(study: Study) -> None:
    """Raises ValidationError for a study whose people never were."""
    if study.rehearsal_of:
        raise ValidationError(
            f"The study {study.key} is a rehearsal, and nothing of it leaves: name the study "
            f"{study.rehearsal_of.key} itself."
        )


def find_vendor(key: str) -> Vendor:
    vendor = Vendor.objects.filter(key=key).first()
    return vendor or _no(
        "vendor", key, Vendor.objects.order_by("key").values_list("key", flat=True)
    )


def find_format(name: str) -> Format:
    return FORMATS[name] if name in FORMATS else _no("format", name, FORMATS)


def find_container(name: str) -> Container:
    return _find("container", name, Container)


def find_variant(name: str) -> Variant:
    return _find("variant", name, Variant)


def find_times(name: str) -> Times:
    return _find("way to give times", name, Times)


def find_phase(name: str) -> Phase:
    return Phase(name) if name in Phase.values else _no("phase", name, Phase.values)


def find_tier(name: str) -> Tier:
    return Tier(name) if name in Tier.values else _no("tier", name, Tier.values)


def _find(kind: str, name: str, choices: type[Choice]) -> Choice:
    return choices(name) if name in set(choices) else _no(kind, name, choices)


def _no(kind: str, name: str, known: Iterable[str]) -> Any:
    names = ", ".join(map(str, known))
    raise ValidationError(
        f"There is no {kind} {name!r}: use one of {names}." if names else f"There is no {kind} yet."
    )

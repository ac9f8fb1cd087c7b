"""Versioned records are written once: a definition is stored, found again, or refused."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

Record = TypeVar("Record", bound=models.Model)


def store_version(
    model: type[Record], *, identity: Mapping[str, Any], values: Mapping[str, Any]
) -> Record:
    """The record of this identity with these values; a second call finds the first.

    Raises ValidationError where the identity exists with other values: what people
    have seen is never rewritten, a change needs a new version.
    """
    record, created = model._default_manager.get_or_create(**identity, defaults=values)
    if not created:
        changed = [name for name, value in values.items() if getattr(record, name) != value]
        if changed:
            raise ValidationError(
                f"{model._meta.verbose_name} {record} exists already and differs in "
                f"{', '.join(sorted(changed))}. Give the changed one a new version or key."
            )
    return record


def put_version(
    model: type[Record], *, identity: Mapping[str, Any], values: Mapping[str, Any], rewrite: bool
) -> Record:
    """As `store_version`; with `rewrite` other values replace the stored ones instead.

    Only for what nobody has seen yet. Writes nothing where nothing differs.
    """
    if not rewrite:
        return store_version(model, identity=identity, values=values)
    record, created = model._default_manager.get_or_create(**identity, defaults=values)
    changed = [name for name, value in values.items() if getattr(record, name) != value]
    if changed and not created:
        for name in changed:
            setattr(record, name, values[name])
        record.save(update_fields=changed)
    return record


def translated(field: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Column values for one translated field: {"title_en": …, "title_pt_br": …}."""
    return {f"{field}_{code.replace('-', '_')}": text.strip() for code, text in texts.items()}

"""A vendor's program asks for an export, once for each key it gives."""

import hashlib
import json
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from exports.actions.exporting import request_export
from exports.containers import Container
from exports.files.jobs import outdated
from exports.models import ApiToken, Export, IdempotencyKey, State


class KeyUsedOtherwise(ValidationError):
    """The key came with another request before."""


class FileDeleted(Exception):
    """What the key asked for was made and is deleted, or is to be."""


@transaction.atomic
def request_export_once(
    *, token: ApiToken, format: str, container: Container, options: Mapping[str, str], key: str = ""
) -> Export:
    """Asks for an export of the token's part of its study.

    A second call with the same key gives the same export; without a key it does what
    `request_export` does. Raises KeyUsedOtherwise for a key that came with another request,
    FileDeleted for one whose export's file is no more, and ValidationError for a study that
    does not fit the format.
    """
    asked = json.dumps([format, container, sorted(options.items())])
    # The token's row is the lock: of two equal requests at once the second finds the first.
    ApiToken.objects.select_for_update(no_key=True, of=("self",)).get(pk=token.pk)
    known = (
        IdempotencyKey.objects.filter(token=token, key_sha256=_hash(key))
        .select_related("export")
        .first()
        if key
        else None
    )
    if known and known.request_sha256 != _hash(asked):
        raise KeyUsedOtherwise("This Idempotency-Key came with another request: use a new one.")
    if known and is_deleted(known.export):
        raise FileDeleted
    if known:
        return known.export
    export = request_export(
        study=token.study,
        vendor=token.vendor,
        token=token,
        format=format,
        container=container,
        options=options,
    )
    if key:
        IdempotencyKey.objects.create(
            token=token, key_sha256=_hash(key), request_sha256=_hash(asked), export=export
        )
    return export


def is_deleted(export: Export) -> bool:
    """Whether nobody can fetch its file any more, also where beat has yet to delete it."""
    gone = export.state == State.GONE
    return gone or outdated(Export.objects.filter(pk=export.pk, state=State.READY)).exists()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

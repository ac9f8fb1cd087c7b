"""Addresses by which a file can be fetched without a token, for a while."""

import time
from pathlib import Path

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from exports.files.jobs import outdated
from exports.models import ApiToken, Export, State

SALT = "exports.download"


class Expired(Exception):
    """The address was right and its time is over."""


class NoLongerValid(Exception):
    """The token that asked for the file has ended."""


class Gone(Exception):
    """The file was deleted, or is to be: somebody withdrew who is in it."""


def download_query(export: Export) -> dict[str, str]:
    """The query part that opens an export's file for `DOWNLOAD_SECONDS` from now."""
    expires = str(int(time.time()) + settings.DOWNLOAD_SECONDS)
    return {"expires": expires, "signature": _sign(export.public_id, expires)}


def find_signed(public_id: str, *, expires: str, signature: str) -> Export | None:
    """The export that an address speaks of; None for an address that nobody signed.

    Raises Expired, NoLongerValid or Gone for one that was signed.
    """
    if not constant_time_compare(_sign(public_id, expires), signature):
        return None
    if int(expires) <= time.time():
        raise Expired
    exports = Export.objects.select_related("study", "token__vendor")
    export = exports.filter(public_id=public_id).first()
    if export is None or export.token is None:
        return None
    if not ApiToken.objects.valid().filter(pk=export.token.pk).exists():
        raise NoLongerValid
    if export.state != State.READY or not path_of(export).is_file():
        raise Gone
    # Beat deletes it within the minute; nobody gets it meanwhile.
    if outdated(Export.objects.filter(pk=export.pk)).exists():
        raise Gone
    return export


def path_of(export: Export) -> Path:
    """Where the export's file lies."""
    return Path(settings.EXPORTS_DIR) / export.name


def _sign(public_id: str, expires: str) -> str:
    return salted_hmac(SALT, f"{public_id}:{expires}", algorithm="sha256").hexdigest()

"""Addresses that open a preview: signed, for one member of the team, for one day."""

from dataclasses import dataclass

from django.core import signing
from django.urls import reverse

from annotation.models import StudyLocale

SALT = "annotation.preview"
HOURS = 24


@dataclass(frozen=True)
class Invitation:
    """Who may preview which locale."""

    user: int
    locale: int


def preview_address(*, user: int, locale: StudyLocale | int) -> str:
    """The path that this member of the team may open."""
    key = locale if isinstance(locale, int) else locale.pk
    return reverse("preview", args=[signing.dumps([user, key], salt=SALT)])


def read_invitation(token: str) -> Invitation:
    """Raises signing.BadSignature; of an old one, its subclass signing.SignatureExpired."""
    user, locale = signing.loads(token, salt=SALT, max_age=HOURS * 3600)
    return Invitation(user, locale)

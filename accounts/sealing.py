"""Secrets that the server must read again, sealed with a key that no copy of the database holds."""

import base64
import hmac
import logging
import os

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

PURPOSE = b"plurivox: second factors"

logger = logging.getLogger(__name__)


def seal(text: str) -> str:
    """The text as a Fernet token (AES-128-CBC with HMAC-SHA256); another one at every call."""
    return _sealer().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed; what this server did not seal becomes a secret that nobody knows, so that
    every code is a wrong one. An empty text would be a secret that everybody knows."""
    try:
        return _sealer().decrypt(sealed).decode()
    except InvalidToken:
        logger.error("A second factor was sealed with another SECRET_KEY: it opens nothing.")
        return base64.b32encode(os.urandom(20)).decode()


def _sealer() -> Fernet:
    key = hmac.digest(settings.SECRET_KEY.encode(), PURPOSE, "sha256")
    return Fernet(base64.urlsafe_b64encode(key))

"""The address that a request came from, behind the proxies that are our own."""

from collections.abc import Mapping
from typing import Any


def client_address(meta: Mapping[str, Any], *, trusted_proxies: int) -> str:
    """The address a request came from; empty where it cannot be known.

    With n trusted proxies it is the n-th entry of X-Forwarded-For from its end: what stands
    before it may be made up. Without any, the header is not looked at.
    """
    if trusted_proxies < 1:
        return str(meta.get("REMOTE_ADDR") or "")
    entries = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    return entries[-trusted_proxies] if len(entries) >= trusted_proxies else ""

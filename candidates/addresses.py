"""Where an endpoint may point: never into a private network, unless the operator says so."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings


def find_fault(base_url: str) -> str:
    """Why this address may not be called, as one sentence; empty when it may."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"{base_url} is not a web address: write it as https://host/v1."
    if parts.username or parts.password:
        return "A key in the address would be stored and logged: name its variable instead."
    if parts.hostname in settings.ALLOWED_PRIVATE_HOSTS:
        return ""
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""  # a name that leads nowhere cannot lead inside; the call itself will say so
    if any(not ipaddress.ip_address(address[4][0]).is_global for address in found):
        return (
            f"{parts.hostname} lies in a private network. If that is meant, "
            "name the host in ALLOWED_PRIVATE_HOSTS."
        )
    return ""

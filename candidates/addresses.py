"""Where an endpoint may point: never into a private network, unless the operator says so."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.conf import settings

TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64 (RFC 6052): ends in an IPv4 address


def find_fault(base_url: str) -> str:
    """Why this address may not be called, as one sentence; empty when it may."""
    no_address = f"{base_url} is not a web address: write it as https://host/v1."
    try:
        parts = urlsplit(base_url)
        port = parts.port or 443
    except ValueError:  # a bracket or a port that cannot be one
        return no_address
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return no_address
    if parts.username or parts.password:
        return "A key in the address would be stored and logged: name its variable instead."
    if parts.hostname in settings.ALLOWED_PRIVATE_HOSTS:
        return ""
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ""  # a name that leads nowhere cannot lead inside; the call itself will say so
    if not all(_is_public(str(address[4][0])) for address in found):
        return (
            f"{parts.hostname} lies in a private network. If that is meant, "
            "name the host in ALLOWED_PRIVATE_HOSTS."
        )
    return ""


def host_of(base_url: str) -> str:
    """The host's name in small letters; empty where the address has none."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        return ""


def _is_public(address: str) -> bool:
    """Whether it leads out, also where it is an IPv6 address that stands for one of IPv4."""
    parsed = ipaddress.ip_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour
        if parsed in TRANSLATED or int(parsed) < 1 << 32:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if parsed.is_site_local or (inner is not None and not inner.is_global):
            return False
    return parsed.is_global and not parsed.is_multicast

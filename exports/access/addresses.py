"""From where a token may be used."""

import ipaddress
from collections.abc import Sequence


def is_allowed(address: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks; without networks every address does."""
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # unknown, as behind a proxy that does not say it
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return any(parsed in ipaddress.ip_network(network) for network in networks)

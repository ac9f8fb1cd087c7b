"""From where somebody comes, as a salted hash. The address itself is never kept or logged."""

import ipaddress

from django.utils.crypto import salted_hmac

ARRIVAL_SALT = "annotation.arrival"
IPV6_NETWORK = 64  # one household; the rest of an address changes by itself
# Addresses of a proxy, a container or this machine: they say nothing about a person.
LOCAL_NETWORKS = [
    ipaddress.ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
]


def arrival_digest(*, study_key: str, address: str) -> str:
    """A hash that only this site, and only for this study, can make again; empty for none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if any(parsed in network for network in LOCAL_NETWORKS):
        return ""
    home = str(parsed)
    if isinstance(parsed, ipaddress.IPv6Address):
        home = str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return salted_hmac(f"{ARRIVAL_SALT}.{study_key}", home, algorithm="sha256").hexdigest()

"""What a client's network address says of who it is."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network


@lru_cache(maxsize=4096)
def client_group(address: str) -> str:
    """Return what an attacker cannot change for free: an IPv4 address, or an IPv6 network (/64)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed[:8] + bytes(8), 64)))


def is_a_strangers(client: str) -> bool:
    """Return whether a client's group has an address of its own on the internet.

    A loopback or private address may be that of a proxy, through which everybody comes.
    """
    try:
        return ip_address(client.partition("/")[0]).is_global
    except ValueError:
        return False

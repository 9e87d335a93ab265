"""Addresses of callers, and of the listeners."""

from __future__ import annotations

import ipaddress

UNKNOWN_ADDRESS = "unknown"
"""The address of a caller that a proxy did not name."""


def parse_address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address of a caller; None where the text is not one."""
    try:
        found = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def limit_key(text: str | None) -> str:
    """Return the part of an address that limits count by: of IPv6, the network of one customer."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or UNKNOWN_ADDRESS)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, without asking a name server."""
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)

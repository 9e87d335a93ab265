"""Addresses: where the server listens, and from where a caller may come."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from reconciler.errors import ProviderError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN_ADDRESS = "unknown"
"""The address of a caller that a proxy did not name."""


def parse_networks(setting: str, written: Sequence[str]) -> tuple[Network, ...]:
    """Return networks such as `203.0.113.0/24`. Raises ProviderError, which names the setting."""
    found = []
    for text in written:
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            message = f"`{setting}`: `{text}` is not an address or a network"
            raise ProviderError(
                message, hint="write it like 203.0.113.7 or 203.0.113.0/24"
            ) from None
    return tuple(found)


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


def parse_listen(setting: str, text: str) -> tuple[str, int]:
    """Return host and port of `127.0.0.1:8080` or `[::1]:8080`. Raises ProviderError."""
    host, _, port = text.rpartition(":")
    if host and port.isascii() and port.isdigit() and int(port) <= 65535:
        return host.removeprefix("[").removesuffix("]"), int(port)
    message = f"`{setting}`: `{text}` is not an address with a port"
    raise ProviderError(message, hint="write it like 127.0.0.1:8080")

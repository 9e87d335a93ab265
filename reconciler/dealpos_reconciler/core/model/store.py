"""The store that a run talks to: its address and the credentials for it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dealpos_reconciler.errors import StoreError

SANDBOX = "sandbox"
"""The address that stands for the shop inside the tool."""

SHOP, PROVIDER = HOMES = ("dealpos", "provider")
"""The two systems that hold objects of the catalogue: DealPOS, and the coupon provider."""

MAX_CONCURRENCY = 16
"""The most requests that may wait at the same time; a shop allows 50 in three minutes."""

DEFAULT_CONCURRENCY = 8
"""The same of a shop whose settings do not say. 10,000 variants at 0.3 s an answer take 2.9 s."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the live catalogue is. Credentials are never part of its text."""

    url: str
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    mask_key: bytes = field(default=b"", repr=False, compare=False)
    """The key of the masks that stand for codes which are secrets."""

    concurrency: int = field(default=1, repr=False, compare=False)
    """Requests that may wait for a response at the same time."""

    @property
    def credentials(self) -> tuple[str, str]:
        """The secrets that no output may ever repeat."""
        return self.client_secret, self.client_id

    @property
    def embedded(self) -> bool:
        """True if this is the shop inside the tool."""
        return self.url == SANDBOX


SHOP_EXAMPLE = "https://yourshop.dealpos.net"
SHOP_CREDENTIALS = "DEALPOS_CLIENT_ID and DEALPOS_CLIENT_SECRET"


def check_url(
    url: str,
    what: str = "store",
    example: str = SHOP_EXAMPLE,
    credentials: str = SHOP_CREDENTIALS,
) -> str:
    """Return the base URL without a trailing slash. Plain HTTP is for loopback only.

    The other parameters name the server in messages. Raises StoreError.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        parts, host = urlsplit(""), ""
    base = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in ("http", "https") or not host:
        message = f"the {what} URL is not valid"
        hint = f"write it as {example}"
    elif "@" in parts.netloc:
        message = f"the {what} URL contains a user name or password"
        hint = f"set {credentials} in the environment instead"
    elif parts.query or parts.fragment or parts.path.strip("/"):
        message = f"the {what} URL contains more than a host"
        hint = f"write {base}"
    elif not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        message = f"the {what} URL contains characters that are not allowed in a host name "
        message += "(possible look-alike letters)"
        hint = "write the host in ASCII letters, an international name in its xn-- form"
    elif parts.scheme == "http" and not is_loopback(host):
        message = f"refusing to use plain HTTP for {host}"
        hint = "write https://; plain HTTP is allowed for localhost only"
    else:
        return base
    raise StoreError(message, hint=hint)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, without asking a name server."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

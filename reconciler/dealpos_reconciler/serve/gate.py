"""The gate of the shop listener: shop, secret, key, network and method of a call.

A caller without the secret learns nothing: every such call gets an empty 404, whatever its path,
shop and method, and before its body is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.types import Scope

from dealpos_reconciler.core.provider.options import Network
from dealpos_reconciler.provider.service import Answer
from dealpos_reconciler.serve.limits import WRONG_SECRETS_A_MINUTE, MinuteLimit
from dealpos_reconciler.serve.networks import limit_key, parse_address
from dealpos_reconciler.serve.secret import Secrets

_KEY_HEADER = b"x-api-key"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation that DealPOS calls."""

    call: str
    """Its name in log and metrics."""
    answer: Callable[[bytes], Awaitable[Answer]]
    """Answers a body."""
    reject: Callable[[str, bytes, str, int], Awaitable[Answer]]
    """Answers a body that was not read whole: reason, beginning, digest and length."""
    turn_away: Callable[[int, str], Answer]
    """The answer to a call that is not looked at: status and reason."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A call that is not let in: an HTTP status without a body."""

    status: int
    reason: str
    first: bool = False
    """True if this call closed its address for a minute."""


@dataclass(slots=True)
class Gate:
    """Who may call which operation."""

    shop: str
    """The name of the shop in the path, compared without case."""
    secrets: Secrets
    endpoints: Mapping[str, Endpoint]
    """The operations by the lower-case path below the secret: `coupon/validate`."""
    key: Secrets | None = None
    allowed: Sequence[Network] = ()
    """Networks that may call; empty for all."""
    wrong: MinuteLimit = field(default_factory=lambda: MinuteLimit(WRONG_SECRETS_A_MINUTE))

    def admit(self, scope: Scope) -> Endpoint | Denied:
        """Return the operation of a call, or the answer that it gets."""
        client = scope.get("client")
        address = client[0] if client else None
        endpoint, reason = self._find(scope, address)
        if endpoint is None:
            # Only a wrong call is limited: whoever has the secret shares no limit with those who
            # guess it, and DealPOS may call for many shops from one address.
            key = limit_key(address)
            if key in self.wrong:
                return Denied(429, reason)
            return Denied(404, reason, first=self.wrong.add(key))
        return endpoint if scope["method"] == "POST" else Denied(405, "method")

    def _find(self, scope: Scope, address: str | None) -> tuple[Endpoint | None, str]:
        """Return the operation, or None and the reason; every check is made for every call."""
        parts = [part for part in scope["path"].split("/") if part]
        version, shop, secret = (*parts[:3], "", "", "")[:3]
        endpoint = self.endpoints.get("/".join(parts[3:]).lower())
        header = next((value for name, value in scope["headers"] if name == _KEY_HEADER), b"")
        checks = {
            "secret": self.secrets.accept(secret),
            "key": self.key is None or self.key.accept(header.decode("latin-1")),
            "shop": version.lower() == "v1" and shop.casefold() == self.shop.casefold(),
            "network": self._is_allowed(address),
            "path": endpoint is not None,
        }
        failed = [name for name, passed in checks.items() if not passed]
        return (None, failed[0]) if failed else (endpoint, "")

    def _is_allowed(self, address: str | None) -> bool:
        if not self.allowed:
            return True
        found = parse_address(address)
        return found is not None and any(found in network for network in self.allowed)

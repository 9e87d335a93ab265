"""Access tokens (dealpos-api.md §2)."""

import secrets
import threading
from collections.abc import Callable


class Tokens:
    """The live tokens, in memory, each until its own end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[str, float] = {}

    def issue(self, lifetime: float, *, alone: bool = False) -> str:
        """Return a new token; ``alone`` ends all others."""
        # To be recognised wherever one should turn up in an output.
        token = f"sandbox-token-{secrets.token_urlsafe(24)}"
        with self._lock:
            now = self._clock()
            kept = {} if alone else {t: end for t, end in self._ends.items() if end > now}
            self._ends = {**kept, token: now + lifetime}
        return token

    def valid(self, authorization: str) -> bool:
        """Return whether an ``Authorization`` header carries a live token."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return scheme.lower() == "bearer" and self._ends.get(token, 0.0) > self._clock()

    def revoke_all(self) -> None:
        """End every token."""
        with self._lock:
            self._ends.clear()

"""The state of one running sandbox; a test may replace each part of it."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from reconciler.sandbox.auth import Tokens
from reconciler.sandbox.choices import Choices
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.limiter import Limiter
from reconciler.sandbox.store import ObjectStore

# The log of calls is for tests; a server that runs for days must not grow by it.
_CALLS_KEPT = 10_000


def _today() -> date:
    return datetime.now(tz=UTC).date()


@dataclass
class Shop:
    """The object at ``app.extensions["sandbox"]``; every attribute may be replaced at run time."""

    store: ObjectStore
    choices: Choices
    limiter: Limiter
    tokens: Tokens
    client_id: str
    client_secret: str
    faults: Faults = field(default_factory=Faults)
    today: Callable[[], date] = _today
    sleep: Callable[[float], None] = time.sleep
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    """(method, path, status) of the requests served; status 0 where no answer was sent."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke_tokens(self) -> None:
        """End every token, so that the next request is answered with 401."""
        self.tokens.revoke_all()

    def record(self, method: str, path: str, status: int) -> None:
        """Note a request that was served."""
        with self._lock:
            self.calls.append((method, path, status))
            del self.calls[:-_CALLS_KEPT]

    def now(self) -> str:
        """Return the time stamp of new objects: the shop's day, at midnight."""
        return self.today().isoformat()

    def knows(self, client_id: object, client_secret: object) -> bool:
        """Return whether these are the shop's client credentials."""
        pairs = ((client_id, self.client_id), (client_secret, self.client_secret))
        return all(
            isinstance(given, str) and secrets.compare_digest(given.encode(), own.encode())
            for given, own in pairs
        )

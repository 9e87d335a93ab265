"""The state of one running sandbox; a test may replace each part of it."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Literal

from dealpos_reconciler.sandbox.auth import Tokens
from dealpos_reconciler.sandbox.choices import Choices
from dealpos_reconciler.sandbox.faults import Faults
from dealpos_reconciler.sandbox.lag import History
from dealpos_reconciler.sandbox.limiter import Limiter
from dealpos_reconciler.sandbox.store import ObjectStore

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
    clock: Callable[[], float] = time.monotonic
    history: History = field(default_factory=History)
    """The shop before its last writes, where reads are behind."""
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    """(method, path, status) of the requests served; status 0 where no answer was sent."""
    _late: list[tuple[float, Callable[[], object]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke_tokens(self) -> None:
        """End every token, so that the next request is answered with 401."""
        self.tokens.revoke_all()

    def record(self, method: str, path: str, status: int) -> None:
        """Note a request that was served."""
        with self._lock:
            self.calls.append((method, path, status))
            del self.calls[:-_CALLS_KEPT]

    def postpone(self, seconds: float, act: Callable[[], object]) -> None:
        """Act so many seconds from now, before the first request that comes then."""
        with self._lock:
            self._late.append((self.clock() + seconds, act))

    def act_late(self, *, at_once: bool = False) -> None:
        """Do what was postponed and is due; `at_once` does not wait for its time."""
        with self._lock:
            now = self.clock()
            due = [act for end, act in self._late if at_once or end <= now]
            self._late[:] = [late for late in self._late if late[1] not in due]
        for act in due:
            act()

    def as_shown(self, *, listed: bool) -> "Shop":
        """Return the shop as a list, or another read, shows it now."""
        if not self.history.is_kept(self.choices):
            return self
        return replace(
            self, store=self.history.choose_store(self.store, self.choices, self.clock(), listed)
        )

    def key_filter(self) -> Literal["exact", "contains", "key"]:
        """Return the comparison of a filter by key."""
        return "contains" if self.choices.text_filters == "contains" else "key"

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

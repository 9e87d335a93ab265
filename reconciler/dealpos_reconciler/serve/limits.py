"""Limits on calls: how many of one sort a key may cause in a minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

WRONG_SECRETS_A_MINUTE = 20
"""Wrong secrets from one address, after which it gets HTTP 429."""
REFUSALS_A_MINUTE = 60
"""Refused coupons of one outlet, after which its questions get HTTP 429: codes are not guessed."""
_MINUTE_SECONDS = 60.0
_MAX_KEYS = 4096
"""Keys that are remembered; beyond that, the one that was used least recently is forgotten."""


@dataclass(slots=True)
class _Count:
    since: float
    events: int = 0
    closed_until: float = 0.0


class MinuteLimit:
    """Counts events by key. After `limit` in a minute, the key is closed for a minute."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def add(self, key: str) -> bool:
        """Count one event; return True where it closes the key."""
        now = self._clock()
        count = self._counts.setdefault(key, _Count(now))
        self._counts.move_to_end(key)
        if len(self._counts) > _MAX_KEYS:
            self._counts.popitem(last=False)
        if now - count.since >= _MINUTE_SECONDS:
            count.since, count.events = now, 0
        count.events += 1
        if count.events < self._limit or now < count.closed_until:
            return False
        count.closed_until = now + _MINUTE_SECONDS
        return True

    def __contains__(self, key: object) -> bool:
        """Return whether a key is closed."""
        count = self._counts.get(key) if isinstance(key, str) else None
        return count is not None and self._clock() < count.closed_until

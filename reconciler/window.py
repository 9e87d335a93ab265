"""The request window: how many requests may still be sent, and how long to wait when none.

Facts §3: a fixed window, by default 50 requests per 180 seconds; headers say what is left, but
none says when the window ends. The window cannot have begun later than the first request of ours
in it, so its end is known to be at most that far away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

MARGIN = 1.0
"""Seconds added to a wait: two clocks never agree exactly."""

_POLICY = re.compile(r"(\d+)\s*;.*?\bw\s*=\s*(\d+)")


class RequestWindow:
    """Counts the requests of one run against one shop."""

    def __init__(self, clock: Callable[[], float], limit: int = 50, seconds: float = 180.0) -> None:
        self.clock = clock
        self.limit = limit
        self.seconds = seconds
        self.began: float | None = None
        self.left = limit
        self.flying = 0
        """Requests that are sent and not answered yet: the server's count may lack them."""

    def wait(self) -> float:
        """Seconds to wait before the next request; 0 when it may be sent now."""
        self._roll()
        if self.left > 0 or self.began is None:
            return 0.0
        return max(self.began + self.seconds + MARGIN - self.clock(), 0.0)

    def spend(self) -> None:
        """Count a request that is about to be sent."""
        self._roll()
        if self.began is None:
            self.began = self.clock()
        self.left -= 1
        self.flying += 1

    def lost(self) -> None:
        """A request ended without an answer."""
        self.flying -= 1

    def heed(self, headers: Mapping[str, str]) -> None:
        """A request was answered: believe what the server says of its window, if anything."""
        self.flying -= 1
        policy = _POLICY.search(headers.get("ratelimit-policy", ""))
        if policy:
            self.limit, self.seconds = int(policy[1]), float(policy[2])
        elif headers.get("ratelimit-limit", "").isdigit():
            self.limit = int(headers["ratelimit-limit"])
        remaining = headers.get("ratelimit-remaining", "")
        if remaining.isdigit():
            told = int(remaining)
            if told > self.left + self.flying + 1:
                # More is left than we had counted: the window began anew with this request.
                self.began = self.clock()
            self.left = told - self.flying

    def exhausted(self, retry_after: str = "") -> float:
        """The server said 429: seconds to wait, by its word or else a full window."""
        wait = float(retry_after) if retry_after.isdigit() else self.seconds
        self.began, self.left = None, self.limit
        return wait + MARGIN

    def _roll(self) -> None:
        if self.began is not None and self.clock() >= self.began + self.seconds + MARGIN:
            self.began, self.left = None, self.limit

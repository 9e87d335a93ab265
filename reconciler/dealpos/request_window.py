"""The request window: how many requests may still be sent, and how long to wait when none.

API §3: a fixed window, by default 50 requests per 180 seconds; headers say what is left, but
none says when the window ends. The window cannot have begun later than the first request of ours
in it, so its end is known to be at most that far away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from math import ceil

from reconciler.errors import UsageError

MARGIN = 1.0
"""Seconds added to a wait: two clocks never agree exactly."""

# Longer numbers mean nothing that a shop could promise, or that a clock could wait for.
_COUNT, _SECONDS = r"[0-9]{1,12}", r"[0-9]{1,6}"
_POLICY = re.compile(rf"\b({_COUNT})\s*;.*?\bw\s*=\s*({_SECONDS})\b")


class RequestWindow:
    """Counts the requests of one run against one shop; may be asked from several threads."""

    def __init__(
        self,
        clock: Callable[[], float],
        limit: int = 50,
        seconds: float = 180.0,
        reserve: int = 0,
    ) -> None:
        self.clock = clock
        self.reserve = reserve
        """Requests of each window that other programs keep."""
        self.limit = limit
        self.seconds = seconds
        self.began: float | None = None
        self.left = limit
        self.flying = 0
        """Requests that are sent and not answered yet: the server's count may lack them."""
        self._lock = threading.RLock()

    @property
    def room(self) -> int:
        """Requests of a whole window that are ours."""
        return max(self.limit - self.reserve, 1)

    def wait(self) -> float:
        """Seconds to wait before the next request; 0 when it may be sent now.

        Raises UsageError when the reserve leaves nothing of a window. A run's first request goes
        out in any case: only its answer tells how large the window is, and what is left of it.
        """
        with self._lock:
            self._roll()
            if self.began is None:
                return 0.0
            if self.reserve >= self.limit:
                raise UsageError(
                    f"--reserve {self.reserve} leaves nothing of a window of {self.limit} requests",
                    hint=f"reserve at most {self.limit - 1}",
                )
            if self.left > self.reserve:
                return 0.0
            return max(self.began + self.seconds + MARGIN - self.clock(), 0.0)

    def until_sent(self, count: int) -> float:
        """Seconds of waiting before the last of `count` further requests may be sent."""
        with self._lock:
            self._roll()
            here = self.room if self.began is None else max(self.left - self.reserve, 0)
            windows = ceil(max(count - here, 0) / self.room)
            if not windows:
                return 0.0
            length = self.seconds + MARGIN
            began = self.clock() if self.began is None else self.began
            return max(began + length - self.clock(), 0.0) + (windows - 1) * length

    def spend(self) -> int:
        """Count a request that is about to be sent; gives the most the server can have left."""
        with self._lock:
            self._roll()
            if self.began is None:
                self.began = self.clock()
            most = self.left + self.flying
            self.left -= 1
            self.flying += 1
            return most

    def lost(self) -> None:
        """A request ended without an answer."""
        with self._lock:
            self.flying -= 1

    def heed(self, headers: Mapping[str, str], most: int | None = None) -> None:
        """A request was answered: believe what the server says of its window, if anything.

        `most` is what `spend` gave for that request, since answers may come out of turn; left
        out, it was the only one on its way.
        """
        with self._lock:
            most = self.left + self.flying if most is None else most
            self.flying -= 1
            known = self._limits(headers)
            told = requests(headers.get("ratelimit-remaining", ""))
            if told is None:
                return
            if told >= most and known:
                # More is left than there can be: the window began anew with this request.
                self.began = self.clock()
                self.left = told - self.flying
            else:
                left = told - self.flying
                self.left = min(self.left, left) if known else left

    def _limits(self, headers: Mapping[str, str]) -> bool:
        """Take over the server's limits; False where they were others than was thought."""
        policy = _POLICY.search(headers.get("ratelimit-policy", ""))
        limit = int(policy[1]) if policy else requests(headers.get("ratelimit-limit", ""))
        if policy and float(policy[2]) > 0:
            self.seconds = float(policy[2])
        if not limit or limit == self.limit:
            return True
        self.limit = limit
        return False

    def exhausted(self, retry_after: str = "") -> float:
        """The server said 429: seconds to wait, by its word or else a full window."""
        with self._lock:
            self.began, self.left = None, self.limit
            told = re.fullmatch(_SECONDS, retry_after)
            return (float(told[0]) if told else self.seconds) + MARGIN

    def _roll(self) -> None:
        if self.began is not None and self.clock() >= self.began + self.seconds + MARGIN:
            self.began, self.left = None, self.limit


def requests(written: str) -> int | None:
    """The number of requests in a header, if it is one."""
    return int(written) if re.fullmatch(_COUNT, written) else None

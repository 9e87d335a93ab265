"""The rate-limit window: how many requests may still be sent, and how long to wait for more.

dealpos-api.md §3: a fixed window, by default 50 requests per 180 seconds. Headers say how many
requests remain, but none says when the window ends. The window cannot have begun later than our
first request in it, so its end is at most that far away.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from math import ceil

from reconciler.errors import UsageError

MARGIN_SECONDS = 1.0
"""Added to a wait, because two clocks never agree exactly."""

_MAX_POLICY_CHARACTERS = 200
"""A longer header is not a policy; matching one of 90 kB would take minutes."""

# Longer numbers mean nothing that a shop could promise, or that a clock could wait for.
_COUNT, _SECONDS = r"[0-9]{1,12}", r"[0-9]{1,6}"
_POLICY = re.compile(rf"\b({_COUNT})\s*;.*?\bw\s*=\s*({_SECONDS})\b")


class RequestWindow:
    """Counts the requests of one run to one shop; may be used from several threads."""

    def __init__(
        self, clock: Callable[[], float], limit: int = 50, seconds: float = 180.0, reserve: int = 0
    ) -> None:
        self.clock = clock
        self.reserve = reserve
        """Requests of each window that other integrations keep."""
        self.limit = limit
        self.seconds = seconds
        self.began: float | None = None
        self.remaining = limit
        self.in_flight = 0
        """Requests that were sent and not answered: the server's count may not include them."""
        self._lock = threading.RLock()

    @property
    def capacity(self) -> int:
        """Return the requests of a whole window that this run may send."""
        return max(self.limit - self.reserve, 1)

    @property
    def quota(self) -> str:
        """The requests of a window for people: `45 of 50, 5 kept free`."""
        kept = f", {self.reserve} kept free" if self.reserve else ""
        return f"{self.capacity} of {self.limit}{kept}"

    def seconds_to_wait(self) -> float:
        """Return the seconds before the next request may be sent; 0 when it may be sent now.

        Raises UsageError when the reserve leaves no request of a window. The first request of a
        run is sent in any case: only its response says how large the window is.
        """
        with self._lock:
            self._begin_new_if_over()
            if self.began is None:
                return 0.0
            if self.reserve >= self.limit:
                raise UsageError(
                    f"--reserve {self.reserve} leaves no request of the rate limit "
                    f"({self.limit} per {self.seconds:.0f} s)",
                    hint=f"reserve at most {self.limit - 1}",
                )
            if self.remaining > self.reserve:
                return 0.0
            return max(self.began + self.seconds + MARGIN_SECONDS - self.clock(), 0.0)

    def seconds_until_sent(self, count: int) -> float:
        """Return the seconds of waiting before the last of `count` more requests may be sent."""
        with self._lock:
            self._begin_new_if_over()
            here = self.capacity if self.began is None else max(self.remaining - self.reserve, 0)
            windows = ceil(max(count - here, 0) / self.capacity)
            if not windows:
                return 0.0
            length = self.seconds + MARGIN_SECONDS
            began = self.clock() if self.began is None else self.began
            return max(began + length - self.clock(), 0.0) + (windows - 1) * length

    def count_request(self) -> int:
        """Count a request that is about to be sent; return the most the server can have left."""
        with self._lock:
            self._begin_new_if_over()
            if self.began is None:
                self.began = self.clock()
            most = self.remaining + self.in_flight
            self.remaining -= 1
            self.in_flight += 1
            return most

    def update_from_headers(self, headers: Mapping[str, str], most: int | None = None) -> None:
        """Take over what the headers of a response say of the window; a lost one has none.

        `most` is the result of `count_request` for that request, since responses may come out of
        order. Without it, the request is taken to have been the only one in flight.
        """
        with self._lock:
            most = self.remaining + self.in_flight if most is None else most
            self.in_flight -= 1
            same_limits = self._update_limits(headers)
            reported = parse_count(headers.get("ratelimit-remaining", ""))
            if reported is None:
                return
            remaining = reported - self.in_flight
            if reported >= most and same_limits:
                # More remain than there can be: a new window began with this request.
                self.began, self.remaining = self.clock(), remaining
            else:
                self.remaining = min(self.remaining, remaining) if same_limits else remaining

    def _update_limits(self, headers: Mapping[str, str]) -> bool:
        """Take over the server's limits; return False where they differ from those known."""
        text = headers.get("ratelimit-policy", "")
        policy = _POLICY.search(text) if len(text) <= _MAX_POLICY_CHARACTERS else None
        limit = int(policy[1]) if policy else parse_count(headers.get("ratelimit-limit", ""))
        if policy and float(policy[2]) > 0:
            self.seconds = float(policy[2])
        if not limit or limit == self.limit:
            return True
        self.limit = limit
        return False

    def close(self, retry_after: str = "") -> float:
        """Note an HTTP 429; return the seconds to wait: by `retry_after`, else a full window."""
        with self._lock:
            self.began, self.remaining = None, self.limit
            told = re.fullmatch(_SECONDS, retry_after)
            return (float(told[0]) if told else self.seconds) + MARGIN_SECONDS

    def _begin_new_if_over(self) -> None:
        if self.began is not None and self.clock() >= self.began + self.seconds + MARGIN_SECONDS:
            self.began, self.remaining = None, self.limit


def parse_count(text: str) -> int | None:
    """Return the number of requests in a header; None where it is not a number."""
    return int(text) if re.fullmatch(_COUNT, text) else None

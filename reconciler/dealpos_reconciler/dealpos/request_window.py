"""The rate-limit window: how many requests may still be sent, and how long to wait for more.

dealpos-api.md §3: a fixed window, by default 50 requests per 180 seconds. Headers say how many
requests remain, but no documented one says when the window ends. The window cannot have begun later
than our first request in it, so its end is at most that far away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from math import ceil

from dealpos_reconciler.dealpos.limit_headers import LimitHeaders, read_limits, read_retry_after
from dealpos_reconciler.errors import UsageError

MARGIN_SECONDS = 1.0
"""Added to a wait, because two clocks never agree exactly."""


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
        self._closed_until = 0.0
        self._why_closed = ""
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

    @property
    def seconds_closed(self) -> float:
        """Return the seconds for which the shop has asked to send nothing."""
        return max(self._closed_until - self.clock(), 0.0)

    @property
    def reason(self) -> str:
        """The reason of a wait for people."""
        return self._why_closed if self.seconds_closed else f"rate limit reached ({self.quota})"

    def seconds_to_wait(self) -> float:
        """Return the seconds before the next request may be sent; 0 when it may be sent now.

        Raises UsageError when the reserve leaves no request of a window. The first request of a
        run is sent in any case: only its response says how large the window is.
        """
        with self._lock:
            self._begin_new_if_over()
            if self.began is None:
                return self.seconds_closed
            if self.reserve >= self.limit:
                raise UsageError(
                    f"--reserve {self.reserve} leaves no request of the rate limit "
                    f"({self.limit} per {self.seconds:.0f} s)",
                    hint=f"reserve at most {self.limit - 1}",
                )
            if self.remaining > self.reserve:
                return self.seconds_closed
            end = self.began + self.seconds + MARGIN_SECONDS
            return max(end - self.clock(), self.seconds_closed)

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
            told = read_limits(headers)
            same_limits = self._update_limits(told)
            if told.remaining is not None:
                remaining = told.remaining - self.in_flight
                if told.remaining >= most and same_limits:
                    # More remain than there can be: a new window began with this request.
                    self.began, self.remaining = self.clock(), remaining
                else:
                    self.remaining = min(self.remaining, remaining) if same_limits else remaining
            if told.reset is not None:
                self.began = self.clock() + told.reset - self.seconds

    def _update_limits(self, told: LimitHeaders) -> bool:
        """Take over the server's limits; return False where they differ from those known."""
        self.seconds = told.seconds or self.seconds
        if not told.limit or told.limit == self.limit:
            return True
        self.limit = told.limit
        return False

    def close(self, status: int, headers: Mapping[str, str]) -> None:
        """After an HTTP 429 or 503, have nothing sent for as long as the shop says.

        A 429 that does not say it closes the window for its full length, a 503 for no time.
        """
        if status not in (429, 503):
            return
        with self._lock:
            told, why = read_retry_after(headers), "the shop is unavailable (HTTP 503)"
            if status == 429:
                self.began, self.remaining = None, self.limit
                why = "rate limit reached (HTTP 429, also used by other integrations)"
                if told is None and (told := read_limits(headers).reset) is None:
                    told = self.seconds
            if told is not None:
                end = self.clock() + told + MARGIN_SECONDS
                self._closed_until, self._why_closed = max(end, self._closed_until), why

    def _begin_new_if_over(self) -> None:
        if self.began is not None and self.clock() >= self.began + self.seconds + MARGIN_SECONDS:
            # What is in flight may arrive in the new window.
            self.began, self.remaining = None, self.limit - self.in_flight

"""The rate limit: a fixed window of so many requests (dealpos-api.md §3)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from dealpos_reconciler.sandbox.choices import Choices


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision of the limiter on one request."""

    allowed: bool
    remaining: int
    reset: float
    """Seconds until the window ends."""


class Limiter:
    """Counts requests per bucket in memory; a limit of None lets everything pass."""

    def __init__(self, limit: int | None, window: float, clock: Callable[[], float]) -> None:
        self.limit = limit
        self.window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, int]] = {}

    def take(self, endpoint: str, choices: Choices) -> Admission | None:
        """Count one request; None when there is no limit."""
        if self.limit is None:
            return None
        bucket = endpoint if choices.limiter_scope == "endpoint" else ""
        with self._lock:
            now = self._clock()
            start, used = self._buckets.get(bucket, (float("-inf"), 0))
            if now - start >= self.window:
                aligned = choices.window_start == "clock"
                start, used = (now - now % self.window if aligned else now), 0
            allowed = used < self.limit
            used += allowed
            self._buckets[bucket] = (start, used)
            return Admission(allowed, self.limit - used, self.window - (now - start))

    def clear(self) -> None:
        """Open a new window for every bucket."""
        with self._lock:
            self._buckets.clear()

    def headers(self, verdict: Admission, choices: Choices) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers-06, as the samples do.

        The choices may give them the form of another draft.
        """
        limit, left, end = str(self.limit), str(verdict.remaining), str(ceil(verdict.reset))
        policy = choices.rate_limit_policy or f"{limit};w={self.window:g}"
        match choices.limiter_header_names:
            case "x":
                values = {"Limit": limit, "Remaining": left, "Reset": end}
                return {f"X-RateLimit-{name}": value for name, value in values.items()}
            case "joined":
                joined = f"limit={limit}, remaining={left}, reset={end}"
                return {"RateLimit": joined, "RateLimit-Policy": policy}
            case "named":
                policy = f'"default";q={limit};w={self.window:g}'
                return {"RateLimit": f'"default";r={left};t={end}', "RateLimit-Policy": policy}
        return {
            "RateLimit-Limit": limit,
            "RateLimit-Remaining": left,
            "RateLimit-Policy": policy,
        }

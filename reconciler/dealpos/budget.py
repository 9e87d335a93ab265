"""Limits of one run: requests in all, time, and requests that each window keeps for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class BrokenLimit(NamedTuple):
    """A limit as it was given on the command line, and the value that would be enough."""

    limit: str
    needed: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a run; None means no limit, and `seconds` count from the start of the run."""

    requests: int | None = None
    seconds: float | None = None
    reserve: int = 0
    """Requests of each rate-limit window that are left to other integrations."""

    @property
    def any(self) -> bool:
        """Return whether a run may have to stop."""
        return self.requests is not None or self.seconds is not None

    def first_broken(self, requests: int, seconds: float) -> BrokenLimit | None:
        """Return the limit that a run of so many requests or seconds breaks; None when it fits.

        Token requests are not included, as in every count that a plan or report shows.
        """
        if self.requests is not None and requests > self.requests:
            return BrokenLimit(f"--max-requests {self.requests}", str(requests))
        if self.seconds is not None and seconds > self.seconds:
            needed = f"{format_duration(seconds)} (waiting included)"
            return BrokenLimit(f"--timeout {format_duration(self.seconds)}", needed)
        return None


NO_LIMITS = Limits()


def format_duration(seconds: float) -> str:
    """Return a duration as the command line takes it, rounded up: `1h30m`; 90 is `1m30s`."""
    whole = int(-(-seconds // 1))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"

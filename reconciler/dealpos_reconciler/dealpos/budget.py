"""Limits of one run: requests in all, time, and requests that each window keeps for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dealpos_reconciler import errors

MAX_RUN_SECONDS = 24 * 3600.0
"""The time of a run without `--timeout`."""

MAX_WAIT_SECONDS = 3600.0
"""The longest wait for the rate limit; DealPOS documents 180 seconds (dealpos-api.md §3)."""


class BrokenLimit(NamedTuple):
    """A limit as it was given on the command line, and the value that would be enough."""

    limit: str
    needed: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a run; `seconds` count from its start, None means as many as any run may take."""

    requests: int | None = None
    seconds: float | None = None
    reserve: int = 0
    """Requests of each rate-limit window that are left to other integrations."""

    @property
    def any(self) -> bool:
        """Return whether an apply checks each step before it begins it."""
        return self.requests is not None or self.seconds is not None

    def first_broken(self, requests: int, seconds: float) -> BrokenLimit | None:
        """Return the limit that a run of so many requests or seconds breaks; None when it fits.

        Token requests are not included, as in every count that a plan or report shows.
        """
        if self.requests is not None and requests > self.requests:
            return BrokenLimit(f"--max-requests {self.requests}", str(requests))
        most = self.max_seconds
        if seconds > most:
            needed = f"{format_duration(seconds)} (waiting included)"
            return BrokenLimit(f"--timeout {format_duration(most)}", needed)
        return None

    @property
    def max_seconds(self) -> float:
        """Return the seconds that the run may take."""
        return MAX_RUN_SECONDS if self.seconds is None else self.seconds


NO_LIMITS = Limits()


def limit_error(broken: BrokenLimit) -> errors.UsageError:
    """Return the error of a read that does not fit; only its next request is known."""
    return errors.UsageError(
        f"{broken.limit} is too low: reading the shop needs {broken.needed} or more. "
        "Nothing was written",
        hint="raise the limit; 'reconciler plan' shows how many requests reading needs",
    )


def wait_error(
    operation: str, reason: str, seconds: float, broken: BrokenLimit | None
) -> errors.RateLimited:
    """Return the error of a wait that no run makes, or that ends after this one."""
    end = f"a run waits at most {format_duration(MAX_WAIT_SECONDS)}"
    if broken and seconds <= MAX_WAIT_SECONDS:
        end = f"{broken.limit} ends before that"
    return errors.RateLimited(
        operation,
        f"{reason}: the wait would be {format_duration(seconds)}, and {end}",
        hint="run the command again after that time",
    )


def format_duration(seconds: float) -> str:
    """Return a duration as the command line takes it, rounded up: `1h30m`; 90 is `1m30s`."""
    whole = int(-(-seconds // 1))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"

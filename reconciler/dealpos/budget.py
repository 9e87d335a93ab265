"""What one run may spend: requests in all, time, and what it leaves of each window to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Broken(NamedTuple):
    """A limit, as it was given, and how much would have to be allowed."""

    limit: str
    needed: str


@dataclass(frozen=True, slots=True)
class Limits:
    """None where there is no limit; `seconds` count from the start of the run."""

    requests: int | None = None
    seconds: float | None = None
    reserve: int = 0
    """Requests of each window that are not ours to spend."""

    @property
    def any(self) -> bool:
        """Whether a run may have to stop."""
        return self.requests is not None or self.seconds is not None

    def broken(self, requests: int, seconds: float) -> Broken | None:
        """The limit that a run of so many requests or seconds breaks; None when it fits.

        A token request is none of them, as in every count that a plan or report shows.
        """
        if self.requests is not None and requests > self.requests:
            return Broken(f"--max-requests {self.requests}", str(requests))
        if self.seconds is not None and seconds > self.seconds:
            return Broken(f"--until {spell(self.seconds)}", f"{spell(seconds)} (waiting included)")
        return None


NO_LIMITS = Limits()


def spell(seconds: float) -> str:
    """A duration as `--until` takes it, rounded up to the second: `1h30m`, `90s` is `1m30s`."""
    whole = int(-(-seconds // 1))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "m"), (rest, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"

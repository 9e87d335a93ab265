"""API usage of a plan: requests, rate-limit windows and seconds.

The rate limit is a fixed window, by default 50 requests per 180 seconds over all endpoints
(dealpos-api.md §3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from dealpos_reconciler.core.diff.change import Action
from dealpos_reconciler.core.model.address import join_some
from dealpos_reconciler.core.model.kind import Kinds
from dealpos_reconciler.core.model.live import ListingStats
from dealpos_reconciler.core.steps.readbacks import count_readbacks
from dealpos_reconciler.core.steps.step import Step

MAX_NAMES = 10
SECONDS_PER_REQUEST = 0.5
"""The round trip to a far server, rounded up."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rate limit that a run may use: so many requests in so many seconds."""

    limit: int = 50
    seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """The requests of a plan: `reads` were used to make it, applying it takes `requests`.

    An apply of its own sends the reads again; `repeated` counts them.
    """

    reads: int
    writes: int
    verification: int
    windows: int
    seconds: int
    repeated: int = 0

    @property
    def requests(self) -> int:
        """Return the requests that applying sends: reads, writes and the reads that verify them."""
        return self.repeated + self.writes + self.verification

    def in_another_run(self, window: Window) -> ApiUsage:
        """Return the usage of an apply that begins with the reads of the plan."""
        return _fit(replace(self, repeated=self.reads), window)


def estimate(
    ordered: Sequence[Step],
    kinds: Kinds,
    reads: int,
    pages: Mapping[str, ListingStats],
    window: Window,
) -> ApiUsage:
    """Return the API usage of the steps `ordered`, in the window that reading has begun."""
    writes = sum(len(step.requests) for step in ordered)
    reading = count_readbacks(ordered, kinds, pages)
    return _fit(ApiUsage(reads, writes, reading, 0, 0), window)


def _fit(usage: ApiUsage, window: Window) -> ApiUsage:
    """Return the usage with its time, in the window that reading has begun."""
    reads, requests = usage.reads, usage.requests
    begun = (reads - 1) % window.limit + 1 if reads else 0
    windows = ceil((begun + requests) / window.limit) if requests else 0
    waiting = max(windows - 1, 0) * window.seconds
    seconds = ceil(waiting + requests * SECONDS_PER_REQUEST)
    return replace(usage, windows=windows, seconds=seconds)


def note_gaps(ordered: Sequence[Step], window: Window) -> Iterator[str]:
    """Yield a note on the objects that are replaced, for they are missing for a moment."""
    replaced = [step.addresses[0] for step in ordered if step.action is Action.REPLACE]
    if replaced:
        # Both requests are sent in one window, where it has room for two.
        seconds = 2 * SECONDS_PER_REQUEST if window.limit > 1 else window.seconds
        each = " each" if len(replaced) > 1 else ""
        yield (
            f"{join_some(replaced, MAX_NAMES)}: deleted and created again, so missing in the shop "
            f"for about {seconds:.0f} s{each}"
        )

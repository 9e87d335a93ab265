"""API usage of a plan: requests, rate-limit windows and seconds.

The rate limit is a fixed window, by default 50 requests per 180 seconds over all endpoints
(dealpos-api.md §3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, NamedTuple

from reconciler.core.diff.change import Action
from reconciler.core.model.address import join_some
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import ListingStats
from reconciler.core.steps.step import Step

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


def count_readbacks(steps: Sequence[Step], kinds: Kinds, pages: Mapping[str, ListingStats]) -> int:
    """Return the requests that read back what `steps` write, and read again what they replace."""
    confirmed: dict[tuple[str, bool], dict[str, frozenset[str]]] = {}
    for step in steps:
        gone = step.action is Action.DELETE
        for address, proof in step.proofs.items():
            confirmed.setdefault((address.kind, gone), {})[address.name] = proof.visible
    reads = 0
    for (name, gone), asked in confirmed.items():
        apart = count_apart(kinds[name], asked, gone)
        reads += choose_read(kinds[name], len(asked), pages.get(name), apart).requests
    replaced = sum((step.action is Action.REPLACE) + step.proves_births for step in steps)
    listings = {
        address.kind
        for step in steps
        for address, proof in step.proofs.items()
        if proof.listing_only
    }
    return reads + replaced + sum(_listing_pages(pages.get(name)) for name in listings)


class ReadChoice(NamedTuple):
    """The cheapest way to read named objects that are known to exist, and its requests."""

    read: Literal["batch", "single", "listing"]
    requests: int
    apart: int = 0
    """The single reads among them that a listing needs beside it."""


def count_apart(kind: Kind, asked: Mapping[str, frozenset[str]], gone: bool = False) -> int:
    """Return how many objects need single reads beside the listing of a kind.

    They have fields that its rows do not show, or were deleted: it may hide those that exist.
    """
    shown = kind.reads.listing.fields if kind.reads.listing else frozenset()
    return sum(gone or not fields <= shown for fields in asked.values()) if shown else 0


def choose_read(kind: Kind, count: int, listed: ListingStats | None, apart: int = 0) -> ReadChoice:
    """Return the read that shows `count` named objects of a kind in the fewest requests.

    `listed` says how many pages a listing has that shows them, where one was read; `apart` of them
    need single reads too. Objects that must not be broader than declared are read one by one: each
    before the next is written.
    """
    if kind.must_match_on_readback:
        return ReadChoice("single", count)
    choices = []
    if kind.reads.batch:
        choices.append(ReadChoice("batch", ceil(count / kind.reads.batch.limit)))
    elif kind.reads.single:
        choices.append(ReadChoice("single", count))
    if kind.reads.listing and (listed is not None or not choices):
        choices.append(ReadChoice("listing", _listing_pages(listed) + apart, apart))
    return min(choices, key=lambda choice: choice.requests)


def _listing_pages(listed: ListingStats | None) -> int:
    return listed.requests() if listed else 1

"""What a plan costs: requests, request windows, and time.

API §3: a fixed window, by default 50 requests per 180 seconds over all endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from reconciler.core.diff.change import Action
from reconciler.core.model.address import Address
from reconciler.core.model.kind import Kind, Kinds
from reconciler.core.model.live import Listed
from reconciler.core.steps.step import Step

SECONDS_A_REQUEST = 0.5
"""A round trip to a far server, on the safe side."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many requests of ours a server answers, and in how many seconds."""

    limit: int = 50
    seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class Cost:
    """The requests of a plan. `reads` are spent; `requests` are what applying it will spend."""

    reads: int
    writes: int
    verification: int
    windows: int
    seconds: int

    @property
    def requests(self) -> int:
        """Everything that applying sends: the writes and reading them back."""
        return self.writes + self.verification


def price(
    ordered: Sequence[Step], kinds: Kinds, reads: int, pages: Mapping[str, Listed], window: Window
) -> Cost:
    """The cost of carrying out `ordered`, in the window that reading has begun."""
    writes = sum(len(step.requests) for step in ordered)
    reading = verification(ordered, kinds, pages)
    requests = writes + reading
    begun = (reads - 1) % window.limit + 1 if reads else 0
    windows = ceil((begun + requests) / window.limit) if requests else 0
    waiting = max(windows - 1, 0) * window.seconds
    return Cost(reads, writes, reading, windows, ceil(waiting + requests * SECONDS_A_REQUEST))


def verification(steps: Sequence[Step], kinds: Kinds, pages: Mapping[str, Listed]) -> int:
    """Requests for reading back what `steps` write, and once more what they replace."""
    gone = by_kind({a for step in steps if step.action is Action.DELETE for a in step.addresses})
    written = by_kind(
        {a for step in steps if step.action is not Action.DELETE for a in step.addresses}
    )
    confirmed = sum(
        confirming(kinds[name], len(names), pages.get(name))
        for name, names in (*written.items(), *gone.items())
    )
    replaced = sum(step.action is Action.REPLACE for step in steps)
    return (
        confirmed
        + replaced
        + sum(
            _listing(pages.get(name))
            for name in written
            if kinds[name].widens and _needs_listing(steps, kinds[name])
        )
    )


def _needs_listing(ordered: Sequence[Step], kind: Kind) -> bool:
    """Whether something written of a kind is shown by no single read."""
    return any(
        kind.listed_in(change.after or {})
        for step in ordered
        for change in step.changes
        if change.address.kind == kind.name
    )


def _listing(listed: Listed | None) -> int:
    return listed.requests() if listed else 1


def by_kind(addresses: Iterable[Address]) -> dict[str, list[str]]:
    """The names of `addresses`, by kind, sorted."""
    table: dict[str, list[str]] = {}
    for address in sorted(addresses):
        table.setdefault(address.kind, []).append(address.name)
    return table


def confirming(kind: Kind, count: int, listed: Listed | None) -> int:
    """Requests for reading `count` named objects of a kind that are known to exist.

    `listed` tells what a whole listing is like, where one was read. `confirmation` reads so.
    """
    if kind.widens:
        return count  # each is read back at once, before the next is written
    options = []
    if kind.reads.batch:
        options.append(ceil(count / kind.reads.batch.limit))
    elif kind.reads.single:
        options.append(count)
    if kind.reads.listing and kind.reads.listed and (listed is not None or not options):
        options.append(listed.requests() if listed else 1)
    return min(options)

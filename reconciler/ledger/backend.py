"""What every home of a ledger can do: be read, be taken for a run, and be written with its result.

Whoever is about to write to a shop takes the ledger first, and only takes it as it was when the
plan was made. So of two runs that planned at once one finds out before it writes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from reconciler.core.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Lease:
    """That a run is applying, or ended without a word."""

    since: str
    until: str
    """UTC; from then on somebody else may take it."""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """A ledger as it was read."""

    ledger: Ledger = field(default_factory=Ledger)
    version: str = ""
    """What it must still be when it is taken; empty before the first apply."""
    lease: Lease | None = None


class Home(Protocol):
    """Where the ledger of one store is. Every method raises LedgerError for what stands in its way.

    What cannot be read as a ledger raises UsageError.
    """

    def glance(self) -> Held:
        """As `read`, without a look at what the ledger says: it may be broken."""

    def read(self) -> Held:
        """The ledger as it is now."""

    def take(self, held: Held, until: str, over: bool = False) -> None:
        """Keep every other run from applying, until `release`; `until` is the lease's end.

        Raises LedgerConflict when another run is applying or has applied since `held` was read;
        `over` takes it from a run that ended without releasing it.
        """

    def release(self, ledger: Ledger) -> None:
        """Write the result and let others in; also without `take`, when nothing was applied."""

    def abandon(self) -> None:
        """Let others in with the ledger as it was."""

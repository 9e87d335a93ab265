"""The protocol of a ledger backend: read, lock for a run, write the result.

A run locks the ledger before it writes to the shop, and only in the version that its plan was made
from. Of two runs that planned at the same time, one fails before it writes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from dealpos_reconciler.core.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True)
class LedgerLock:
    """The lock of a run that is applying, or was killed."""

    since: str
    until: str
    """UTC; from then on another run may lock the ledger. Empty where that cannot be read."""
    by: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True)
class LedgerSnapshot:
    """A ledger as it was read."""

    ledger: Ledger = field(default_factory=Ledger)
    version: str = ""
    """The version that must be unchanged when the ledger is locked; empty before any apply."""
    lock: LedgerLock | None = None
    journal: str | None = None
    """The journal of the last run, where the ledger carries it to other clones."""


class LedgerBackend(Protocol):
    """The place of the ledger of one store. Methods raise LedgerError where git or a file fails.

    A document that is not a ledger raises UsageError.
    """

    journal: str
    """The journal of this run, for a ledger that carries it to other clones."""

    def read_version(self) -> LedgerSnapshot:
        """Return version and lock without the content, which may be broken."""

    def read(self) -> LedgerSnapshot:
        """The ledger as it is now."""

    def take(
        self, snapshot: LedgerSnapshot, until: str, force: bool = False, run: str = ""
    ) -> None:
        """Lock the ledger until `release` or `abandon`; `until` is the end of the lock of `run`.

        Raises LedgerConflict when another run is applying, or has applied since `snapshot` was
        read; `force` releases the lock of a run that was killed.
        """

    def publish(self) -> None:
        """Bring the journal to other clones, in the middle of a run."""

    def release(self, ledger: Ledger) -> None:
        """Write the result and unlock; also without `take`, when nothing was applied."""

    def abandon(self) -> None:
        """Unlock, with the ledger as it was."""

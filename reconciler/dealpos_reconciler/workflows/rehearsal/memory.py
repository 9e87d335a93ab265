"""The notes, the journal and the ledger of a rehearsal: read from the folder, written to memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dealpos_reconciler.core.diff.attempts import Attempt
from dealpos_reconciler.core.ledger.ledger import Ledger
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.ledger.backend import LedgerSnapshot
from dealpos_reconciler.ledger.journal import Journal
from dealpos_reconciler.ledger.run_ledger import RunLedger
from dealpos_reconciler.ledger.run_lock import RunLock
from dealpos_reconciler.ledger.state_dir import StateDir


@dataclass(frozen=True)
class MemoryState(StateDir):
    """The folder of a shop, of which nothing is written to the disk."""

    files: dict[str, bytes] = field(default_factory=dict, compare=False, repr=False)

    def create(self) -> Path:
        """Return the folder, as it is."""
        return self.path

    def write(self, file: str, content: bytes) -> None:
        """Keep a file in memory."""
        self.files[file] = content

    def read(self, file: str) -> bytes:
        """Return the content of a file; raise OSError where there is none."""
        return self.files[file] if file in self.files else super().read(file)


class NoLock(RunLock):
    """The lock of a rehearsal, which keeps nobody out: it writes to no shop."""

    def __init__(self, attempts: Mapping[Address, Attempt]) -> None:
        self._known = attempts

    def last_run(self) -> str:
        """Return no run: no other one can write to the twin."""
        return ""

    def note_run(self, run: str) -> None:
        """Do nothing."""

    def was_never_taken(self, state: StateDir) -> bool:
        """Return that no other run is writing."""
        return True

    def attempts(self, masked: Mapping[Address, Address]) -> Mapping[Address, Attempt]:
        """Return the attempts that were known when the plan was made."""
        return self._known

    def note_attempts(self, attempts: Mapping[Address, Attempt]) -> None:
        """Keep the attempts."""
        self._known = attempts

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Take nothing."""
        yield


class DetachedJournal(Journal):
    """A journal with what another one knows, which writes to memory."""

    def __init__(self, journal: Journal, state: StateDir) -> None:
        vars(self).update(vars(journal))
        self.state, self.publish = state, None
        self._lock = NoLock(journal.attempts)
        self._version = None


class MemoryBackend:
    """The ledger of a rehearsal."""

    def __init__(self, snapshot: LedgerSnapshot) -> None:
        self.snapshot = replace(snapshot, lock=None)
        self.journal = ""

    def read_version(self) -> LedgerSnapshot:
        """Return the ledger."""
        return self.snapshot

    def read(self) -> LedgerSnapshot:
        """Return the ledger."""
        return self.snapshot

    def take(
        self, snapshot: LedgerSnapshot, until: str, force: bool = False, run: str = ""
    ) -> None:
        """Lock nothing."""

    def publish(self) -> None:
        """Tell nobody."""

    def release(self, ledger: Ledger) -> None:
        """Keep the ledger after the apply."""
        self.snapshot = replace(self.snapshot, ledger=ledger)

    def abandon(self) -> None:
        """Leave the ledger as it is."""


def detach_ledger(ledger: RunLedger, state: StateDir, journal: Journal) -> RunLedger:
    """Return the same ledger in memory."""
    backend = MemoryBackend(ledger.snapshot) if ledger.backend else None
    return replace(ledger, state=state, journal=journal, backend=backend)


def read_again(ledger: RunLedger) -> RunLedger:
    """Return a ledger in memory as the run after an apply reads it."""
    if ledger.backend:
        ledger = replace(ledger, snapshot=ledger.backend.read())
    return replace(ledger, rewrites=ledger.snapshot.ledger.kept).with_new_rewrites()

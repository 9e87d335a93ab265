"""A file lock between runs on one machine; the system releases it when the process ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from reconciler.errors import LedgerConflict, LedgerError


class Lock:
    """A lock file in the folder that `create` makes. `take` does not wait for it."""

    def __init__(self, create: Callable[[], Path], name: str) -> None:
        self.create = create
        self.name = name
        self._lock: FileLock | None = None

    def take(self) -> None:
        """Take it; raises LedgerConflict while another process has it."""
        try:
            lock = FileLock(self.create() / self.name, timeout=0)
            lock.acquire()
        except Timeout:
            raise LedgerConflict(
                "another apply is running in this folder",
                hint="nothing was written; run the command again when it has ended",
            ) from None
        except OSError as error:
            raise LedgerError(
                f"{self.name} cannot be written: {error.strerror}",
                hint="make the folder writable: the ledger is locked during an apply",
            ) from None
        self._lock = lock

    def release(self) -> None:
        """Let go; does nothing without `take`."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

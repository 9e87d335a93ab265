"""The ledger as a file beside reconciler.yaml, to be committed or shared with the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from reconciler import atomic
from reconciler.core.ledger.ledger import Ledger
from reconciler.errors import LedgerConflict, LedgerError
from reconciler.ledger import document
from reconciler.ledger.backend import LedgerSnapshot
from reconciler.ledger.lock import Lock

FILE = "reconciler.ledger.json"


class FileBackend:
    """A ledger in a file, with a lock that the system releases when the process ends."""

    def __init__(self, root: Path, create: Callable[[], Path], store: str) -> None:
        self.path = root / FILE
        self.store = store
        self._lock = Lock(create, "ledger.lock")

    def read_version(self) -> LedgerSnapshot:
        """Return the version of the file, valid or not."""
        return LedgerSnapshot(version=_version(self._text()))

    def read(self) -> LedgerSnapshot:
        """Return the ledger in the file; empty if there is no file."""
        text = self._text()
        known = document.load(text, self.store, FILE) if text else Ledger()
        return LedgerSnapshot(known, _version(text))

    def take(self, snapshot: LedgerSnapshot, until: str, force: bool = False) -> None:
        """Lock it; no lease outlives its process here, so there is none to take over."""
        self._lock.take()
        if _version(self._text()) != snapshot.version:
            self._lock.release()
            raise LedgerConflict(
                f"{FILE} has changed since the plan was made: another apply has finished",
                hint="nothing was written; run the command again",
            )

    def release(self, ledger: Ledger) -> None:
        """Replace the file as a whole, forced to disk, and unlock it."""
        try:
            atomic.write(self.path, document.dump(ledger, self.store).encode())
        except OSError as error:
            raise LedgerError(
                f"{FILE} cannot be written: {error.strerror}",
                hint=f"make the folder writable, then record it with {document.REBUILD}",
            ) from None
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """Unlock it."""
        self._lock.release()

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            why = f"{FILE} cannot be read: {error.strerror}"
            raise LedgerError(why, hint="make it readable, or delete it") from None


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""

"""The ledger as a file beside reconciler.yaml, to be committed or shared with the folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dealpos_reconciler import confined
from dealpos_reconciler.core.ledger.ledger import Ledger
from dealpos_reconciler.errors import LedgerConflict, LedgerError
from dealpos_reconciler.ledger import document
from dealpos_reconciler.ledger.backend import LedgerSnapshot

if TYPE_CHECKING:
    from filelock import FileLock

FILE = "reconciler.ledger.json"


class Lock:
    """A lock file between runs on one machine; the system releases it when the process ends.

    `create` makes its folder, `held` says what it means that another process has it.
    """

    def __init__(
        self,
        create: Callable[[], Path],
        name: str,
        held: str = "another apply is running in this folder",
    ) -> None:
        self.create = create
        self.name = name
        self.held = held
        self._lock: FileLock | None = None

    def take(self) -> None:
        """Take it without waiting; raises LedgerConflict while another process has it."""
        from filelock import FileLock, Timeout  # imports asyncio and sqlite3; a plan takes no lock

        try:
            lock = FileLock(self.create() / self.name, timeout=0)
            lock.acquire()
        except Timeout:
            raise LedgerConflict(
                self.held,
                hint="nothing was written; run the command again when it has ended",
            ) from None
        except OSError as error:
            raise LedgerError(
                f"{self.name} cannot be written: {error.strerror}",
                hint="make the folder writable: it is locked during an apply",
            ) from None
        self._lock = lock

    def release(self) -> None:
        """Let go; does nothing without `take`."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def read_owner(root: Path, *, applied: bool = False) -> str | None:
    """Return the store that the ledger file of a folder belongs to; None where none is readable.

    With `applied` it must record an apply.
    """
    try:
        known = json.loads(confined.read(root, FILE))
        owner = known["store"] if known["applies"] or not applied else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return owner if isinstance(owner, str) else None


class FileBackend:
    """A ledger in a file, with a lock file."""

    def __init__(self, root: Path, create: Callable[[], Path], store: str) -> None:
        self.root = root
        self.store = store
        self.journal = ""
        self._lock = Lock(create, "ledger.lock")

    def read_version(self) -> LedgerSnapshot:
        """Return the version of the file, valid or not."""
        return LedgerSnapshot(version=_version(self._text()))

    def read(self) -> LedgerSnapshot:
        """Return the ledger in the file; empty if there is no file."""
        text = self._text()
        known = document.load(text, self.store, FILE) if text else Ledger()
        return LedgerSnapshot(known, _version(text))

    def take(
        self, snapshot: LedgerSnapshot, until: str, force: bool = False, run: str = ""
    ) -> None:
        """Lock it; no lease outlives its process here, so there is none to take over."""
        self._lock.take()
        if _version(self._text()) != snapshot.version:
            self._lock.release()
            raise LedgerConflict(
                f"{FILE} has changed since the plan was made: another apply has finished",
                hint="nothing was written; run the command again",
            )

    def publish(self) -> None:
        """Do nothing: who has this file has the journal beside it."""

    def release(self, ledger: Ledger) -> None:
        """Replace the file as a whole, forced to disk, and unlock it."""
        try:
            confined.write(
                self.root / FILE,
                document.dump(ledger, self.store).encode(errors="backslashreplace"),
            )
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
            return confined.read(self.root, FILE, follow=False).decode(
                "utf-8-sig", errors="replace"
            )
        except FileNotFoundError:
            return ""
        except OSError as error:
            why = f"{FILE} cannot be read: {error.strerror}"
            raise LedgerError(why, hint="make it readable, or delete it") from None


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest() if text else ""

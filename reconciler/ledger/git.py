"""The ledger as a ref in the shop's own git repository: `refs/reconciler/<store>`.

A commit for each apply holds the ledger; one before it says that the run has begun (the lease).
The ref is moved only from where it was read (compare and swap at the remote), so of two runs
anywhere one wins, and the other finds out before it writes to the shop.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from reconciler.core.ledger.ledger import Ledger
from reconciler.errors import LedgerConflict, LedgerError
from reconciler.ledger import document, now
from reconciler.ledger.backend import LedgerLock, LedgerSnapshot
from reconciler.ledger.file import Lock
from reconciler.ledger.git_repository import GitRepository

LEDGER, LEASE = "ledger.json", "lease.json"


class GitBackend:
    """A ref of the repository that a folder is in; at its remote, where it has one."""

    def __init__(self, folder: Path, store: str) -> None:
        self.store = store
        self.repository = GitRepository(folder)
        self.ref = f"refs/reconciler/{slug(store)}"
        name = f"reconciler-{slug(store)}.lock"
        self._lock = Lock(lambda: self.repository.common, name)
        self._tip = ""
        self._before = ""

    def read_version(self) -> LedgerSnapshot:
        """Return the tip of the ref, fetched, and the run that it is of; empty without a ref."""
        tip = self._tip = self.repository.tip(self.ref)
        self._before = self.repository.file(tip, LEDGER) if tip else ""
        return LedgerSnapshot(version=tip, lock=self._lease(tip) if tip else None)

    def read(self) -> LedgerSnapshot:
        """Return the ledger at the tip of the ref, fetched; empty where there is no ref."""
        found = self.read_version()
        if not self._before:
            return found
        return replace(found, ledger=document.load(self._before, self.store, self.ref))

    def take(self, snapshot: LedgerSnapshot, until: str, force: bool = False) -> None:
        """Commit a lease; a run of this clone that died is no hindrance, for it had our lock."""
        self._lock.take()
        try:
            dead = self.repository.is_made_here(self.ref, snapshot.version)
            if snapshot.lock and not (dead or force or snapshot.lock.until <= now()):
                raise _conflict_with(snapshot.lock)
            # Two runs of one second must not make the same commit: git would let both have it.
            lease = json.dumps({"since": now(), "until": until, "run": uuid4().hex})
            self._move(
                {**self._ledger_file(), LEASE: lease}, snapshot.version, f"applying until {until}"
            )
        except BaseException:
            self._lock.release()
            raise

    def release(self, ledger: Ledger) -> None:
        """Commit the result. Where it cannot be pushed, this clone keeps it for the next run."""
        try:
            files = {LEDGER: document.dump(ledger, self.store)}
            commit = self.repository.commit(files, self._tip, _message(ledger))
            try:
                self.repository.move(self.ref, commit, self._tip)
            except LedgerConflict as error:
                raise LedgerError(
                    f"{error.message}: the lock of this run expired, or another run released it",
                    hint=f"nothing in the shop is lost; record it with {document.REBUILD}",
                ) from None
            except LedgerError as error:
                self.repository.set_local(self.ref, commit)
                raise LedgerError(
                    f"the apply is recorded in this clone only: {error.message}",
                    hint="the next run in this clone pushes the record",
                ) from None
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """Commit the ledger as it was, without the lease; what fails here ends by time."""
        with suppress(LedgerError):
            self._move(self._ledger_file(), self._tip, "ended early")
        self._lock.release()

    def _ledger_file(self) -> dict[str, str]:
        return {LEDGER: self._before} if self._before else {}

    def _move(self, files: dict[str, str], old: str, message: str) -> None:
        commit = self.repository.commit(files, old, message)
        self.repository.move(self.ref, commit, old)
        self._tip = commit

    def _lease(self, tip: str) -> LedgerLock | None:
        text = self.repository.file(tip, LEASE)
        try:
            found = json.loads(text) if text else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return None
        by = self.repository.author(tip)
        return LedgerLock(str(found.get("since", "")), str(found.get("until", "")), by)


def slug(store: str) -> str:
    """A store's name as part of a ref: its host, with the port where it has one."""
    name = urlsplit(store).netloc or store
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower()).replace("..", ".").strip(".-") or "store"


def _message(ledger: Ledger) -> str:
    changes = ledger.applies[-1].changes if ledger.applies else {}
    return f"applied: {len(changes)} changes, {len(ledger.entries)} objects"


def _conflict_with(lease: LedgerLock) -> LedgerConflict:
    by = f" by {lease.by}" if lease.by else ""
    return LedgerConflict(
        f"another apply is running since {lease.since}{by}; nothing was written",
        hint=f"wait until it has ended. If it was killed, add --force-unlock, or wait until "
        f"{lease.until}",
    )

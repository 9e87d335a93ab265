"""The ledger as a ref in the shop's own git repository: `refs/reconciler/<store>`.

A commit for each apply holds the ledger; one before it says that the run has begun (the lease).
Both hold the journal: where the run is killed, another clone knows what it had begun.
The ref is moved only from where it was read (compare and swap at the remote), so of two runs
anywhere one wins, and the other finds out before it writes to the shop.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NotRequired
from urllib.parse import urlsplit
from uuid import uuid4

from typing_extensions import TypedDict

from dealpos_reconciler.core.ledger.ledger import Ledger
from dealpos_reconciler.core.marks import Bounds, with_config
from dealpos_reconciler.core.model.shape import adapter_of
from dealpos_reconciler.errors import LedgerConflict, LedgerError
from dealpos_reconciler.ledger import document, now
from dealpos_reconciler.ledger.backend import LedgerLock, LedgerSnapshot
from dealpos_reconciler.ledger.file import Lock
from dealpos_reconciler.ledger.git_repository import GitRepository
from dealpos_reconciler.ledger.state_dir import load_json

LEDGER, LEASE, JOURNAL = "ledger.json", "lease.json", "journal.json"
UNREADABLE = "an unknown time (its lock cannot be read)"
_Moment = Annotated[str, Bounds(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


@with_config(strict=True)
class _Lease(TypedDict):
    since: _Moment
    until: _Moment
    run: NotRequired[str]


class GitBackend:
    """A ref of the repository that a folder is in; at its remote, where it has one."""

    def __init__(self, folder: Path, store: str) -> None:
        self.store = store
        self.repository = GitRepository(folder)
        self.ref = f"refs/reconciler/{slug(store)}"
        name = f"reconciler-{slug(store)}.lock"
        self._lock = Lock(lambda: self.repository.common, name)
        self.journal = ""
        self._tip = ""
        self._before = ""
        self._lease_text = ""

    def read_version(self) -> LedgerSnapshot:
        """Return the tip of the ref, fetched, and the run that it is of; empty without a ref."""
        tip = self._tip = self.repository.tip(self.ref)
        self._before = self.repository.file(tip, LEDGER) if tip else ""
        journal = self.repository.file(tip, JOURNAL) if tip else ""
        return LedgerSnapshot(
            version=tip, lock=self._lease(tip) if tip else None, journal=journal or None
        )

    def read(self) -> LedgerSnapshot:
        """Return the ledger at the tip of the ref, fetched; empty where there is no ref."""
        found = self.read_version()
        if not self._before:
            return found
        return replace(found, ledger=document.load(self._before, self.store, self.ref))

    def take(
        self, snapshot: LedgerSnapshot, until: str, force: bool = False, run: str = ""
    ) -> None:
        """Commit a lease; a run of this clone that died is no hindrance, for it had our lock."""
        self._lock.take()
        try:
            dead = self.repository.is_made_here(self.ref, snapshot.version)
            if snapshot.lock and not (dead or force or "" < snapshot.lock.until <= now()):
                raise _conflict_with(snapshot.lock)
            # Two runs of one second must not make the same commit: git would let both have it.
            lease = {"since": now(), "until": until, "run": run or uuid4().hex}
            self._lease_text = json.dumps(lease)
            self._tip = snapshot.version
            self._move({LEASE: self._lease_text}, f"applying until {until}")
        except BaseException:
            self._lock.release()
            raise

    def publish(self) -> None:
        """Commit the journal beside the lease."""
        self._move({LEASE: self._lease_text}, "applying: journal")

    def release(self, ledger: Ledger) -> None:
        """Commit the result. Where it cannot be pushed, this clone keeps it for the next run."""
        try:
            files = {LEDGER: document.dump(ledger, self.store), **self._journal_file()}
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
            self._move({}, "ended early")
        self._lock.release()

    def _move(self, files: dict[str, str], message: str) -> None:
        """Commit `files` beside the journal and the ledger as it was."""
        before = {LEDGER: self._before} if self._before else {}
        everything = {**before, **self._journal_file(), **files}
        commit = self.repository.commit(everything, self._tip, message)
        self.repository.move(self.ref, commit, self._tip)
        self._tip = commit

    def _journal_file(self) -> dict[str, str]:
        return {JOURNAL: self.journal} if self.journal else {}

    def _lease(self, tip: str) -> LedgerLock | None:
        text = self.repository.file(tip, LEASE)
        if not text:
            return None
        by = self.repository.author(tip)
        try:
            found = adapter_of(_Lease).validate_python(load_json(text))
        except (ValueError, RecursionError):
            return LedgerLock(UNREADABLE, "", by)
        return LedgerLock(found["since"], found["until"], by, found.get("run", ""))


def slug(store: str) -> str:
    """A store's name as part of a ref: its host, with the port where it has one."""
    name = urlsplit(store).netloc or store
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower()).replace("..", ".").strip(".-") or "store"


def _message(ledger: Ledger) -> str:
    changes = ledger.applies[-1].changes if ledger.applies else {}
    return f"applied: {len(changes)} changes, {len(ledger.entries)} objects"


def _conflict_with(lease: LedgerLock) -> LedgerConflict:
    by = f" by {lease.by}" if lease.by else ""
    end = f", or wait until {lease.until}" if lease.until else ""
    return LedgerConflict(
        f"another apply is running since {lease.since}{by}; nothing was written",
        hint=f"wait until it has ended. If it was killed, add --force-unlock{end}",
    )

"""The lock of a run that writes: one run of a folder, and one of a machine on the same shop."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dealpos_reconciler import confined
from dealpos_reconciler.core.diff.attempts import Attempt
from dealpos_reconciler.core.model.address import Address
from dealpos_reconciler.core.model.store import SANDBOX
from dealpos_reconciler.errors import LedgerConflict, LedgerError, UsageError
from dealpos_reconciler.ledger.file import Lock
from dealpos_reconciler.ledger.git import slug
from dealpos_reconciler.ledger.journal_document import JournalContent, parse_text, to_text
from dealpos_reconciler.ledger.state_dir import StateDir

FOLDER_LOCK = "apply.lock"


class RunLock:
    """Keeps other runs out: of the folder, and of other folders of this user for the same shop.

    Two clones without a shared ledger see each other through the second part, where
    `across_folders` asks for it and this user has a place for it.
    """

    def __init__(self, state: StateDir, store: str, *, across_folders: bool) -> None:
        self._folder = Lock(state.create, FOLDER_LOCK)
        self._home = confined.user_folder("state") if across_folders and store != SANDBOX else None
        self._last = self._home / f"{slug(store)}.run" if self._home else None
        self._tried = self._home / f"{slug(store)}.attempts" if self._home else None
        where = "another apply to this shop is running on this machine"
        self._machine = Lock(self._make_home, f"{slug(store)}.lock", where)

    def last_run(self) -> str:
        """Return the last run on this machine that wrote to the shop, as far as it is known."""
        with suppress(OSError, ValueError):
            return self._last.read_text(encoding="utf-8") if self._last else ""
        return ""

    def note_run(self, run: str) -> None:
        """Make `run` the last one."""
        with suppress(OSError):
            if self._last:
                confined.write(self._last, run.encode())

    def was_never_taken(self, state: StateDir) -> bool:
        """Return whether no run has ever written here, so that none is writing now."""
        locks = [state.path / FOLDER_LOCK]
        if self._home:
            locks.append(self._home / self._machine.name)
        return not any(map(os.path.lexists, locks))

    def attempts(self, masked: Mapping[Address, Address]) -> Mapping[Address, Attempt]:
        """Return the attempts of all folders of this user, as far as they are known."""
        with suppress(OSError, ValueError, UsageError):
            if self._tried:
                text = self._tried.read_text(encoding="utf-8")
                return parse_text(text, "", "", masked).attempts
        return {}

    def note_attempts(self, attempts: Mapping[Address, Attempt]) -> None:
        """Let other folders of this user know the attempts."""
        with suppress(OSError):
            if self._tried:
                self._make_home()
                confined.write(self._tried, to_text(JournalContent(attempts=attempts)).encode())

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Take both without waiting; raises LedgerConflict while another process has one."""
        self._take()
        try:
            yield
        finally:
            self._machine.release()
            self._folder.release()

    def _take(self) -> None:
        self._folder.take()
        try:
            if self._home:
                self._machine.take()
        except LedgerConflict:
            self._folder.release()
            raise
        except LedgerError:
            return  # a home that cannot be written

    def _make_home(self) -> Path:
        assert self._home
        self._home.mkdir(parents=True, exist_ok=True)
        return self._home

"""The file of an SQLite store: how it is created, migrated, opened, verified and copied."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

from dealpos_reconciler.confined import create_private, private_draft
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable
from dealpos_reconciler.provider.migration import pending, statements

SENTENCES = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space; nothing that was answered is lost"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "give the user of this process the right"),
    sqlite3.SQLITE_BUSY: ("another process has locked it", "end the process that has it open"),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "check its folder and the permissions"),
    sqlite3.SQLITE_IOERR: ("the disk reports an error", "check the disk and its free space"),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", "restore a backup, then run `provider settle`"),
    sqlite3.SQLITE_NOTADB: ("it is not an SQLite database", "name another file"),
}

PAGE_BYTES = 2048
"""The size of a page in a new file. A commit writes each page that it has changed, mostly ten."""


class SqliteFile:
    """One file; `place` names it in messages."""

    def __init__(self, path: Path, patience: float) -> None:
        """Create the file where it is absent, and migrate it.

        `patience`: the seconds that a lock of another process is waited for. Raises ProviderError
        where the file is of another program or newer, ProviderUnavailable where it does not open.
        """
        self.path = path
        self.log = path.with_name(f"{path.name}-wal")
        self.place = f"the provider's store {path}"
        self._patience = patience
        try:
            create_private(self.path)
            with contextlib.closing(self.connect()) as connection:
                self._migrate(connection)
            self._identity = self._identify()
        except sqlite3.Error as error:
            raise self.explain(error) from error
        except OSError as error:
            raise ProviderUnavailable(f"{self.place}: {error.strerror}") from error

    def explain(self, error: sqlite3.Error) -> ProviderUnavailable:
        """Return an error of SQLite in words, with a hint."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        sentence, hint = SENTENCES.get(code, (str(error), None))
        return ProviderUnavailable(f"{self.place}: {sentence}", hint=hint)

    def connect(self) -> sqlite3.Connection:
        """Open a connection that any one thread may use."""
        connection = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heeded where there is none yet
            self._set_wal(connection)
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def verify(self) -> None:
        """Raise ProviderUnavailable where the path no longer leads to the file that is open.

        What is written to a deleted file is forgotten when the process ends.
        """
        if self._identify() != self._identity:
            raise ProviderUnavailable(
                f"{self.place} was deleted or replaced while it was open",
                hint="start the service again; stop it before you restore a backup",
            )

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy, with mode 0600, whole or not at all.

        Raises ProviderUnavailable where the store cannot be read, OSError for the target.
        """
        if target.exists() and target.samefile(self.path):
            raise ProviderError(f"{target} is the store itself", hint="name another file")
        with private_draft(target) as draft:
            self._copy(draft)

    def _copy(self, draft: Path) -> None:
        try:
            with (
                contextlib.closing(self.connect()) as source,
                contextlib.closing(sqlite3.connect(draft, isolation_level=None)) as copy,
            ):
                source.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
                (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise self.explain(error) from error
        if verdict != "ok":
            raise ProviderUnavailable(f"{self.place}: its copy is damaged: {verdict}")

    def _identify(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _set_wal(self, connection: sqlite3.Connection) -> None:
        """Set write-ahead logging; SQLite does not wait for a neighbour that sets it meanwhile."""
        until = time.monotonic() + self._patience
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            raise ProviderUnavailable(
                f"{self.place}: its disk cannot hold a write-ahead log (journal mode {mode})",
                hint="put the store on a local disk; a network share cannot hold it",
            )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if not pending("sqlite", self._version(connection), self.place):
            return
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = self._version(connection)  # another process may have been faster
            todo = pending("sqlite", version, self.place)
            if todo and version:
                # This transaction keeps others from writing, so the copy is all there is.
                self.copy_to(self.path.with_name(f"{self.path.name}.schema-{version}.backup"))
            for number, script in todo.items():
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute("INSERT INTO schema_version (version) VALUES (?)", (number,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _version(self, connection: sqlite3.Connection) -> int:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master")]
        if not tables:
            return 0
        if "schema_version" not in tables:
            raise ProviderError(
                f"{self.place} is an SQLite database of another program",
                hint="name another file as `provider.store`",
            )
        (version,) = connection.execute("SELECT max(version) FROM schema_version").fetchone()
        return int(version or 0)

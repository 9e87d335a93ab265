"""The write-ahead log of an SQLite store on its way to the disk.

A thread waits for the disk, so that the one that writes does not. Commits stand in the log in their
order, and each is whole or absent. A commit is therefore on disk once the log was synced after it,
or once a checkpoint has moved it: SQLite syncs the log, the file, and the head of a log that begins
again (https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable

from dealpos_reconciler.provider.sqlite.file import SqliteFile

AfterSync = Callable[[str], None]
"""A function that is called once the log is on disk, or with the error where that has failed."""

CHECKPOINT_COMMITS = 1000
"""Commits after which the log is moved into the file, and begins again: at full load, each 2 s.

The log is overwritten then, which is on disk several times faster than what is appended."""

_sync_file: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class LogSync:
    """The thread, with the log open, and a queue before it."""

    def __init__(self, file: SqliteFile, on_failure: Callable[[], None]) -> None:
        """Start the thread. It calls `on_failure` when there is an `error`.

        The caller keeps a connection to the file open, or SQLite would delete the log. Raises
        ProviderUnavailable, sqlite3.Error, OSError.
        """
        self._file = file
        self._on_failure = on_failure
        self._error = ""
        self._commits = 0
        self._is_long = threading.Event()
        self._is_moved = threading.Event()
        self._queue: queue.SimpleQueue[AfterSync | None] = queue.SimpleQueue()
        self._connection = file.connect()
        self._log = -1
        try:
            self._log = os.open(file.log, os.O_RDWR)
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(target=self._run, name="provider-log", daemon=True)
        self._thread.start()

    @property
    def error(self) -> str:
        """The error that has ended the syncs; empty without one.

        That of a disk stays: a second sync may succeed without what the first one has lost
        (https://wiki.postgresql.org/wiki/Fsync_Errors).
        """
        return self._error

    def after_sync(self, call: AfterSync) -> None:
        """Call, from the thread, once all that is committed by now is on disk."""
        self._queue.put(call)

    def count_commit(self) -> None:
        """Count a commit of the caller; a checkpoint follows now and then."""
        self._commits += 1
        if self._commits % CHECKPOINT_COMMITS == 0:
            self._is_long.set()
            self._queue.put(lambda _: None)

    def finish_checkpoint(self, connection: sqlite3.Connection) -> None:
        """Move the few pages that were added during a checkpoint; called by the writer.

        A log that is never moved whole never begins again, and while the writer is here nobody adds
        to it.
        """
        if self._is_moved.is_set():
            self._is_moved.clear()
            _move_log(connection)

    def close(self) -> None:
        """Finish what waits, and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._serve_all():
                pass
        except BaseException as error:  # the thread has no caller that could see it
            self._fail(repr(error))
        os.close(self._log)
        self._connection.close()

    def _serve_all(self) -> bool:
        """Sync once for all that wait by now; false if the thread is to end."""
        calls = [self._queue.get()]
        with contextlib.suppress(queue.Empty):
            while True:
                calls.append(self._queue.get_nowait())
        self._sync()
        for call in filter(None, calls):
            call(self._error)
        if self._is_long.is_set() and not self._error:  # nobody is kept waiting by it
            self._is_long.clear()
            self._checkpoint()
        return None not in calls

    def _sync(self) -> None:
        if self._error:
            return
        try:
            _sync_file(self._log)
        except OSError as error:
            self._fail(error.strerror or repr(error))

    def _fail(self, message: str) -> None:
        self._error = message
        self._on_failure()

    def _checkpoint(self) -> None:
        """Move most of the log into the file, beside the writer."""
        _move_log(self._connection)
        self._is_moved.set()


def _move_log(connection: sqlite3.Connection) -> None:
    """Move the log into the file and wait for nobody; where that fails, the log keeps all of it."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

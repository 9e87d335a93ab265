"""The SQLite file of the hints: one thread writes it, and waiting writes share a commit."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from dealpos_reconciler.confined import create_private
from dealpos_reconciler.errors import ProviderError, ProviderUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

FILE = ".provider/hooks.db"
"""The file, below the shop folder, of hints, known drift and notifications."""
VERSION = 1
_PATIENCE_SECONDS = 2.0


class HookFile:
    """The file of one shop; its moments are seconds since 1970."""

    def __init__(self, path: Path) -> None:
        """Open the file; create it where it is absent.

        Raises ProviderUnavailable where it does not open, ProviderError where it is newer.
        """
        self.path = path
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "hooks")
        try:
            create_private(path)
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise self._explain(error) from error

    def _prepare(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ProviderError(
                f"the queue of webhooks {self.path} was written by a newer version of reconciler",
                hint="use that version, or delete the file: the next audit finds all drift",
            )
        self._connection.execute("PRAGMA journal_mode = WAL")
        schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
        self._connection.executescript(schema)
        self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _explain(self, error: Exception) -> ProviderUnavailable:
        why = getattr(error, "strerror", None) or error
        return ProviderUnavailable(
            f"the queue of webhooks {self.path}: {why}",
            hint="check the disk and the permissions; without the file nothing but hints is lost",
        )

    async def run(self, work: Work[T]) -> T:
        """Run `work` in a transaction, and return once it is on disk.

        Raises ProviderUnavailable where that fails; nothing of it was written then.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((work, future))
        self._thread.submit(self._commit)
        return await future

    def _commit(self) -> None:
        """Run all that waits in one transaction."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        results: list[Any] = []
        failure: Exception | None = None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [work(self._connection) for work, _ in waiting]
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            failure = self._explain(error)
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        for number, (_, future) in enumerate(waiting):
            result = None if failure else results[number]
            future.get_loop().call_soon_threadsafe(_settle, future, result, failure)

    def close(self) -> None:
        """Finish what was begun, and close."""
        self._thread.shutdown(wait=True)
        self._connection.close()


def _settle(future: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
    if future.done():  # the one who waited has given up
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)

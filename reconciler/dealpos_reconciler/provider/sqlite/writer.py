"""The one thread that writes to an SQLite store.

All operations that wait are committed together (group commit). What need not survive a power
failure is answered at once, and the rest by the thread that waits for the disk. Every wait ends at
a deadline.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dealpos_reconciler.errors import ProviderUnavailable, ReconcilerError
from dealpos_reconciler.provider.rows import unstorable
from dealpos_reconciler.provider.sqlite.file import SqliteFile
from dealpos_reconciler.provider.sqlite.log import LogSync

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], Any]

MAX_ROUND = 256

MAX_LOG_PAGES = 32_000
"""Pages of the log (64 MB) at which the writer moves it himself."""


@dataclass(frozen=True, slots=True)
class WaitingWrite:
    """One operation that waits for its round."""

    operation: Operation
    durable: bool
    expires: float
    """The moment of `time.monotonic` after which nobody waits for it."""
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


Result = tuple[WaitingWrite, Any]
"""An operation with what it returned, or its error."""


class StoreWriter:
    """The thread, with a connection of its own, and the queue before it."""

    def __init__(
        self,
        file: SqliteFile,
        deadline: float,
        on_failure: Callable[[str], None] | None = None,
        on_commit: Callable[[float], None] | None = None,
    ) -> None:
        """Start the threads, which call both.

        `on_failure` where it ends by an error of its own or of the disk, `on_commit` with the
        seconds of each round, until it is on disk if that is waited for.
        """
        self._file = file
        self._place = file.place
        self._deadline = deadline
        self._on_failure = on_failure
        self._on_commit = on_commit
        self._connection: sqlite3.Connection | None = self._connect()
        self._queue: queue.SimpleQueue[WaitingWrite | None] = queue.SimpleQueue()
        self._ended = ""
        self._trouble: ProviderUnavailable | None = None
        try:
            self._log = LogSync(file, on_failure=lambda: self._queue.put(None))
        except BaseException:
            self._disconnect()
            raise
        self._thread = threading.Thread(target=self._run, name="provider-writer", daemon=True)
        self._thread.start()

    @property
    def queue_length(self) -> int:
        """Operations that wait."""
        return self._queue.qsize()

    async def write(self, operation: Callable[[sqlite3.Connection], T], *, durable: bool) -> T:
        """Run an operation in the next round; committed when this returns.

        Raises ProviderUnavailable where it was not committed, or not before the deadline.
        """
        if self._ended:
            raise ProviderUnavailable(self._ended)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        expires = time.monotonic() + self._deadline
        self._queue.put(WaitingWrite(operation, durable, expires, answer, loop))
        if self._ended:  # by a failure since the look above: nobody may be left to take it
            raise ProviderUnavailable(self._ended)
        try:
            async with asyncio.timeout(self._deadline):
                return await answer
        except TimeoutError:
            if trouble := self._trouble:  # it waited behind those who have met it
                raise ProviderUnavailable(trouble.message, hint=trouble.hint) from None
            raise ProviderUnavailable(
                f"{self._place} was busy for {self._deadline:g} s; nothing was promised"
            ) from None

    async def close(self) -> None:
        """Finish the operations that wait, and end the thread."""
        if not self._ended:
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        waiting: list[WaitingWrite] = []
        try:
            is_open = True
            while is_open:
                waiting = [] if (first := self._queue.get()) is None else [first]
                is_open = first is not None and self._collect(waiting)
                self._round(waiting)
                if self._connection is not None:
                    self._log.finish_checkpoint(self._connection)
            self._log.close()
            if error := self._log.error:
                self._fail(waiting, f"{self._place} was not put on disk: {error}")
                return
            self._ended = f"{self._place} is closed"
            self._disconnect()
        except BaseException as error:  # the thread has no caller that could see it
            self._fail(waiting, f"the writer of {self._place} ended: {error!r}")

    def _collect(self, waiting: list[WaitingWrite]) -> bool:
        """Take all that waits by now; false if the writer is to end."""
        with contextlib.suppress(queue.Empty):
            while len(waiting) < MAX_ROUND:
                if (write := self._queue.get_nowait()) is None:
                    return False
                waiting.append(write)
        return True

    def _fail(self, waiting: list[WaitingWrite], message: str) -> None:
        """Answer everybody, so that nobody waits for a thread that is gone."""
        self._ended = message
        with contextlib.suppress(sqlite3.Error):
            self._disconnect()
        with contextlib.suppress(queue.Empty):
            while True:
                if (write := self._queue.get_nowait()) is not None:
                    waiting.append(write)
        _answer([(write, ProviderUnavailable(message)) for write in waiting])
        if self._on_failure:
            self._on_failure(message)
        self._log.close()

    def _round(self, waiting: Sequence[WaitingWrite]) -> None:
        now = time.monotonic()
        live = [write for write in waiting if write.expires > now and not write.answer.cancelled()]
        if live:
            begun = time.perf_counter()
            self._answer(self._commit(live), begun)

    def _answer(self, results: Sequence[Result], begun: float) -> None:
        """Answer at once what need not be on disk, and the rest when it is there."""
        waits = [pair for pair in results if pair[0].durable and not _is_error(pair)]

        def finish(error: str) -> None:
            self._observe(begun)
            if error:
                failure = ProviderUnavailable(f"{self._place}: {error}")
                _answer([(write, failure) for write, _ in waits])
            else:
                _answer(waits)

        if waits:
            self._log.after_sync(finish)
        else:
            self._observe(begun)
        _answer([pair for pair in results if not pair[0].durable or _is_error(pair)])

    def _observe(self, begun: float) -> None:
        if self._on_commit:
            self._on_commit(time.perf_counter() - begun)

    def _commit(self, writes: Sequence[WaitingWrite]) -> list[Result]:
        """Run operations in one transaction; return each with its result or its error."""
        try:
            results = self._transact(writes)
            self._trouble = None
            return results
        except sqlite3.OperationalError as error:
            # Weather: a full disk, a lock, a folder that may not be written. All fail alike.
            self._disconnect(unless_locked=error)
            self._trouble = self._file.explain(error)
            return [(write, self._file.explain(error)) for write in writes]
        except ReconcilerError as error:
            return [(write, error) for write in writes]
        except Exception as error:
            self._disconnect()
            if len(writes) == 1:
                return [(writes[0], self._translate(error))]
        # One of them is at fault, and the others shall not suffer.
        return [pair for write in writes for pair in self._commit([write])]

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, UnicodeError):
            return unstorable(self._place)
        return self._file.explain(error) if isinstance(error, sqlite3.Error) else error

    def _transact(self, writes: Sequence[WaitingWrite]) -> list[Result]:
        if self._connection is None:
            self._connection = self._connect()
        self._file.verify()
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [(write, _attempt(write, connection)) for write in writes]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._log.count_commit()
        return results

    def _connect(self) -> sqlite3.Connection:
        """Open a connection that leaves the disk to the other thread."""
        connection = self._file.connect()
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {MAX_LOG_PAGES}")
        return connection

    def _disconnect(self, unless_locked: sqlite3.Error | None = None) -> None:
        if unless_locked and unless_locked.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return
        if self._connection:
            self._connection.close()
        self._connection = None


def _attempt(write: WaitingWrite, connection: sqlite3.Connection) -> Any:
    """Run one operation; an error of ours is its result, because it has changed nothing."""
    if write.expires < time.monotonic():  # the round waited for a lock, and the till has its no
        return ProviderUnavailable("nobody waits for this any more")
    try:
        return write.operation(connection)
    except ReconcilerError as error:
        return error


def _is_error(pair: Result) -> bool:
    return isinstance(pair[1], BaseException)


def _answer(results: Sequence[Result]) -> None:
    """Hand results to the loops that wait for them, one wake-up a loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Result]] = {}
    for write, result in results:
        loops.setdefault(write.loop, []).append((write, result))
    for loop, own in loops.items():
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(_resolve, own)


def _resolve(results: Sequence[Result]) -> None:
    for write, result in results:
        if write.answer.done():
            continue
        if isinstance(result, BaseException):
            write.answer.set_exception(result)
        else:
            write.answer.set_result(result)
